"""Whole calls in virtual time from a seed: both ends' pure cores, misfortune, and promises."""
