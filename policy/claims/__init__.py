"""Claims of sources, compared with registers by rules."""
