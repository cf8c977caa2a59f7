"""Full-text search: folded words, the index of each engine, hits and their counts."""
