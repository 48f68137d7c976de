"""Encryption at rest: the library's key and who may have it, sealed files, turning it on and off. Used by workspace,
command line and window."""
