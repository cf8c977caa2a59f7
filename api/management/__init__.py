"""The commands of the HTTP layer."""
