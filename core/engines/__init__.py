"""Which models are open, and which model files this machine has. Used by core.workspace, core.chat and gui.models."""
