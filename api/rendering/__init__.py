"""Stored renderings: records written as JSON when a release is loaded, and how they are served."""
