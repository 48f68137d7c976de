"""What the application does: a library of documents, retrieval over it, conversations about it. No Qt, no llama_cpp."""
