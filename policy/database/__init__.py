"""The database as who loads it sees it: comments on tables and columns, and views for people."""
