"""Management commands: thin shells around the modules of policy."""
