"""Audio arithmetic without I/O: G.711, resampling, levels, speech, tones, noise."""
