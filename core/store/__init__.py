"""SQLite, which is the truth, and the vector store, which can be rebuilt from it. Used by core.library, core.retrieval,
core.chat and core.survey; nothing above sees a connection or a row."""
