"""What every answer passes through: cache, compression, headers, turns, middleware, logs."""
