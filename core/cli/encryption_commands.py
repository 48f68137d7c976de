"""The commands encrypt, decrypt and passphrase, and how every command gets a passphrase that it needs."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from core.cli.output import Output
from core.data_dir import DataDir, default_data_dir
from core.domain.faults import N_, Fault, WorkspaceFault
from core.encryption.key_file import KeyFile
from core.encryption.keychain import SystemKeychain
from core.encryption.opening import drop_plans, stored_key
from core.encryption.switching import is_encrypted, settle, turn_off, turn_on
from core.encryption.unlocking import LockedFault, make_key, with_keychain, without_passphrase
from core.i18n import tr
from core.jobs import Job

T = TypeVar("T")

PASSPHRASE_VARIABLE, NEW_PASSPHRASE_VARIABLE = "PAPERMOOR_PASSPHRASE", "PAPERMOOR_NEW_PASSPHRASE"
ATTEMPTS = 3


def with_passphrase(arguments: argparse.Namespace, action: Callable[[str | None], T]) -> T:
    """What `action` returns for the passphrase that was given. If it needs another, and somebody sits at the terminal,
    that one is asked for, up to three times. Raises `LockedFault` otherwise."""
    given = _given(arguments)
    for attempt in range(ATTEMPTS + 1):
        try:
            return action(given)
        except LockedFault as fault:
            if given is not None and attempt == 0 or attempt == ATTEMPTS or not sys.stdin.isatty():
                raise
            if fault.wrong:
                print(tr("This passphrase does not open the library."), file=sys.stderr)
            given = getpass.getpass(tr("Passphrase of the library: "))
    raise AssertionError("the last attempt returns or raises")


def encrypt_command(arguments: argparse.Namespace, output: Output) -> None:
    """Turn encryption on."""
    keychain = SystemKeychain()
    with _opened(arguments) as data_dir:
        settle(data_dir, keychain)
        if is_encrypted(data_dir):
            raise Fault(
                N_("Already encrypted"),
                N_("The library in {path} is encrypted already."),
                N_("“papermoor passphrase” changes how it is opened."),
                path=data_dir.path,
            )
        passphrase = _new_passphrase(_given(arguments)) if arguments.passphrase else None
        drop_plans(data_dir, keychain)
        turn_on(data_dir, make_key(passphrase, keychain), Job(output.progress))
    output.finish_progress()
    _print_state(output, encrypted=True)


def decrypt_command(arguments: argparse.Namespace, output: Output) -> None:
    """Turn encryption off."""
    keychain = SystemKeychain()
    with _opened(arguments) as data_dir:
        settle(data_dir, keychain)
        drop_plans(data_dir, keychain)
        if is_encrypted(data_dir):
            key = with_passphrase(arguments, lambda given: stored_key(data_dir, given, keychain))
            turn_off(data_dir, key, keychain, Job(output.progress))
    output.finish_progress()
    _print_state(output, encrypted=False)


def passphrase_command(arguments: argparse.Namespace, output: Output) -> None:
    """Add, change or remove the passphrase of an encrypted library, or have the keychain open it, too."""
    keychain = SystemKeychain()
    with _opened(arguments) as data_dir:
        settle(data_dir, keychain)
        if not is_encrypted(data_dir):
            raise Fault(
                N_("Not encrypted"),
                N_("The library in {path} is not encrypted."),
                N_("“papermoor encrypt --passphrase” encrypts it."),
                path=data_dir.path,
            )
        key = with_passphrase(arguments, lambda given: stored_key(data_dir, given, keychain))
        key_file = KeyFile.read(data_dir.key_file)
        if arguments.keychain:
            key_file = with_keychain(key_file, key, keychain)
        elif arguments.remove:
            key_file = without_passphrase(key_file)
        else:
            key_file = key_file.with_passphrase(_new_passphrase(os.environ.get(NEW_PASSPHRASE_VARIABLE)), key)
        key_file.write(data_dir.key_file)
    if output.json:
        output.result({"passphrase": key_file.by_passphrase is not None, "keychain": key_file.by_keychain is not None})
    else:
        output.line(tr("Done. Keep the passphrase safe: nobody can restore it."))


def _print_state(output: Output, *, encrypted: bool) -> None:
    if output.json:
        output.result({"encrypted": encrypted})
    else:
        output.line(tr("The library is encrypted.") if encrypted else tr("The library is not encrypted."))


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[DataDir]:
    data_dir = DataDir(getattr(arguments, "data_dir", None) or default_data_dir())
    try:
        yield data_dir
    except OSError as error:
        raise WorkspaceFault(
            N_("The data folder cannot be used"),
            N_("Papermoor cannot write to its data folder {path} ({why})."),
            N_("Give yourself write permission for it, or choose another folder with --data-dir."),
            path=data_dir.path,
            why=error.strerror or type(error).__name__,
        ) from error
    finally:
        data_dir.close()


def _given(arguments: argparse.Namespace) -> str | None:
    """The passphrase from the file descriptor or the environment, where other users of the machine cannot see it."""
    descriptor = getattr(arguments, "passphrase_fd", None)
    if descriptor is None:
        return os.environ.get(PASSPHRASE_VARIABLE)
    try:
        with os.fdopen(os.dup(descriptor), encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(
            N_("No passphrase"),
            N_("No passphrase can be read from file descriptor {number}."),
            N_("Give the number of a descriptor that is open, such as 0."),
            number=descriptor,
        ) from error


def _new_passphrase(given: str | None) -> str:
    """A new passphrase: the given one, or typed twice. Raises `Fault` if the two differ or nobody can be asked."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Fault(
            N_("No passphrase"),
            N_("A passphrase is needed, and there is no terminal to ask for it."),
            N_("Put it into the variable {variable}."),
            variable=f"{PASSPHRASE_VARIABLE} / {NEW_PASSPHRASE_VARIABLE}",
        )
    passphrase = getpass.getpass(tr("New passphrase: "))
    if getpass.getpass(tr("The same again: ")) != passphrase:
        raise Fault(N_("No passphrase"), N_("The two passphrases differ."), N_("Try again."))
    return passphrase
