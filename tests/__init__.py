"""The tests, one file per concern."""
