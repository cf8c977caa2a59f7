"""How everything is written in JSON; the field lists are the contract."""
