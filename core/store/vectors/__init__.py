"""Vectors: kept in SQLite, copied to Milvus for searching. Used by core.library and core.retrieval."""
