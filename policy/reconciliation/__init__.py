"""Reconciliation: which records a name in somebody else's table may mean, and why."""
