"""Questions about everything: every selected document is read, row by row, and what was read is stated."""
