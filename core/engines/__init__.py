"""Which models are open, and which model files this machine has. Used by core.library, core.diagnosis, core.cli,
core.workspace and gui."""
