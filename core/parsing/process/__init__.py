"""The worker processes that parse: their pool, their confinement, the messages between. Used by core.library."""
