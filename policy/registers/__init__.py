"""Registers: lists of records that others keep, read from a clone into releases, and joined."""
