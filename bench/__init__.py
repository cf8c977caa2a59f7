"""Measurements at a million records: made data, what we compare with, and the rounds."""
