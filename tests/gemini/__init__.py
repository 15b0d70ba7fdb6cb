"""Tests of agent.gemini."""
