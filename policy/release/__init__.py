"""Releases: what one contains, its files, and how it is loaded into a database."""
