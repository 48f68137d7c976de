"""Reading documents: one module per format, run in spawned processes, and the chunking of what they give."""
