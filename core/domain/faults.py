"""The faults of core: data directory, library, conversation. `models.faults` defines how faults are worded."""

from __future__ import annotations

from models.faults import N_, Cancelled, DownloadFault, Fault, ModelFault

__all__ = [
    "Cancelled",
    "ChatFault",
    "DownloadFault",
    "Fault",
    "ModelFault",
    "N_",
    "StorageFault",
    "WorkspaceFault",
]


class WorkspaceFault(Fault):
    """The data directory cannot be opened: no permission, a second copy of the program, a full disk."""


class StorageFault(Fault):
    """The database or the vector store cannot be read or written."""


class ChatFault(Fault):
    """A question cannot be answered: no model, nothing asked."""
