"""Writes a release as files: CSV, NDJSON, Parquet, SQLite, SQL, and what explains them."""
