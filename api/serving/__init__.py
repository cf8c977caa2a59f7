"""What every answer passes through: cache, compression, headers, middleware, logs, metrics."""
