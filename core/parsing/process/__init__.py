"""The worker processes that parse documents: pool, confinement, messages, passwords. Used by core.library, core.cli and
core.workspace."""
