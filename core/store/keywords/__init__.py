"""The FTS5 keyword index and its postings. Written by core.store.documents, read by core.retrieval."""
