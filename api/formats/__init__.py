"""Formats beside JSON: CSV and NDJSON streams, GeoJSON and JSON-LD."""
