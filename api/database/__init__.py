"""Access to the database: connections, the release that is served, and replicas."""
