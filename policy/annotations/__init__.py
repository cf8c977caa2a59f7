"""Annotations: TOML files in, fixtures out."""
