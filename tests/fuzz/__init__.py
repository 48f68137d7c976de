"""Fuzzing: inputs made by chance, against everything that reads what strangers may have written. See `__main__.py`."""
