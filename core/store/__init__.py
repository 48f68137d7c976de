"""Storage: SQLite is the truth, Milvus holds vectors that can be rebuilt from it."""
