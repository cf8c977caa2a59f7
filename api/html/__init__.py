"""Pages for people: what the templates in ``api/templates/api`` show of records and lists."""
