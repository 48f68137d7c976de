"""The system's keychain (macOS Keychain, Windows Credential Locker, Secret Service or KWallet on Linux)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from core.domain.faults import N_, WorkspaceFault

SERVICE = "Papermoor"


class Keychain(Protocol):
    """Keeps a key for each library, by the library's id."""

    def get(self, library_id: str) -> bytes | None:
        """The key; None if there is none. Raises `KeychainFault`."""

    def put(self, library_id: str, key: bytes) -> None:
        """Keep the key, in place of another. Raises `KeychainFault`."""

    def remove(self, library_id: str) -> None:
        """Forget the key, if there is one. Raises `KeychainFault`."""


class KeychainFault(WorkspaceFault):
    """The system's keychain is absent, closed or does not do what is asked."""


class SystemKeychain:
    """The keychain of the person who is logged in. A call may wait for that person to answer the system's question."""

    def get(self, library_id: str) -> bytes | None:
        import keyring

        with _converted():
            _require_safe_backend()
            kept = keyring.get_password(SERVICE, library_id)
        try:
            return None if kept is None else base64.b64decode(kept, validate=True)
        except binascii.Error:
            return None

    def put(self, library_id: str, key: bytes) -> None:
        import keyring

        with _converted():
            _require_safe_backend()
            keyring.set_password(SERVICE, library_id, base64.b64encode(key).decode("ascii"))
            if keyring.get_password(SERVICE, library_id) is None:
                raise KeychainFault(*_REFUSED, why="it did not keep the key")

    def remove(self, library_id: str) -> None:
        import keyring
        from keyring.errors import PasswordDeleteError

        with _converted():
            try:
                keyring.delete_password(SERVICE, library_id)
            except PasswordDeleteError:
                return


_REFUSED = (
    N_("The keychain cannot be used"),
    N_("The keychain of this system did not do what it was asked ({why})."),
    N_("Unlock the keychain and try again, or use a passphrase."),
)


def _require_safe_backend() -> None:
    """Raise `KeychainFault` if there is no keychain, or only one that keeps keys in a file of its own."""
    import keyring

    backend = keyring.get_keyring()
    backends = getattr(backend, "backends", None)
    used = type(next(iter(backends), backend) if backends is not None else backend)
    if used.__module__.startswith(("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")) or backends == []:
        raise KeychainFault(
            N_("There is no keychain"),
            N_("This system has no keychain that Papermoor can use."),
            N_("Use a passphrase instead."),
        )


@contextmanager
def _converted() -> Iterator[None]:
    """Convert third-party errors to `KeychainFault`."""
    try:
        yield
    except KeychainFault:
        raise
    except Exception as error:  # backends raise whatever D-Bus, Windows or macOS gave them
        raise KeychainFault(*_REFUSED, why=type(error).__name__) from error
