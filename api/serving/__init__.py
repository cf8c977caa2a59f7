"""What surrounds every answer: cache, compression, headers, middleware, logs and metrics."""
