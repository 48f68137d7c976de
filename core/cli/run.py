"""One run of the command line: parses arguments, opens the workspace, runs the command and prints faults."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from core.cli import commands
from core.cli.arguments import make_parser
from core.cli.ask_command import ask_command
from core.cli.encryption_commands import decrypt_command, encrypt_command, passphrase_command, with_passphrase
from core.cli.evaluate_command import evaluate_command
from core.cli.model_commands import models_command
from core.cli.output import Output
from core.cli.survey_command import survey_command
from core.domain.faults import Cancelled, Fault
from core.encryption.keychain import KeychainFault
from core.encryption.unlocking import KeyMissingFault, LockedFault
from core.i18n import fault_text, fault_title, set_language, tr
from core.jobs import Job
from core.store.database import DatabaseDamaged
from core.workspace import Workspace, default_data_dir

log = logging.getLogger(__name__)

EXIT_FAILED, EXIT_WRONG_USE, EXIT_LOCKED = 1, 2, 3
ATTEMPTS = 3  # of a command that meets damage in what is stored
Command = Callable[[Workspace, argparse.Namespace, Output], None]
CLOSED_COMMANDS = {"encrypt": encrypt_command, "decrypt": decrypt_command, "passphrase": passphrase_command}
COMMANDS: dict[str, Command] = {
    "index": commands.index_command,
    "remove": commands.remove_command,
    "search": commands.search_command,
    "ask": ask_command,
    "survey": survey_command,
    "evaluate": evaluate_command,
    "models": models_command,
    "status": commands.status_command,
    "doctor": commands.doctor_command,
}


def run_command_line(argv: Sequence[str]) -> int:
    """Run the command in `argv` (without the program's name) and return its exit status."""
    logging.lastResort = None  # records that no log file takes must not appear on the terminal
    set_language("")
    parser = make_parser()
    try:
        arguments = parser.parse_args(list(argv))
    except SystemExit as end:  # argparse has printed the help or an error
        return int(end.code or 0)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return EXIT_WRONG_USE
    output = Output(json=getattr(arguments, "json", False))
    try:
        return _run_command(arguments, output)
    except Fault as fault:
        output.write(f"papermoor: {fault_title(fault)}: {fault_text(fault)}\n", sys.stderr)
        if isinstance(fault, LockedFault | KeyMissingFault | KeychainFault):
            return EXIT_LOCKED
    except (Cancelled, KeyboardInterrupt):
        output.finish_progress()
        print(tr("papermoor: stopped"), file=sys.stderr)
    except BrokenPipeError:  # the reader of stdout has gone, like `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception:  # already logged
        output.finish_progress()
        print(
            tr("papermoor: something unexpected went wrong; the details are in {path}", path=_log_path(arguments)),
            file=sys.stderr,
        )
    return EXIT_FAILED


def _run_command(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.command == "search" and (arguments.query is None) == (arguments.queries is None):
        print(tr("papermoor search: give either a query or --queries FILE.jsonl"), file=sys.stderr)
        return EXIT_WRONG_USE
    if arguments.command == "text":
        commands.text_command(arguments, output)
        return 0
    if arguments.command == "evaluate" and getattr(arguments, "data_dir", None) is None:
        with tempfile.TemporaryDirectory(prefix="papermoor-") as folder:
            arguments.data_dir = Path(folder)
            return _run_command(arguments, output)
    if arguments.command in CLOSED_COMMANDS:
        CLOSED_COMMANDS[arguments.command](arguments, output)
        return 0

    def opened(passphrase: str | None) -> Workspace:
        return Workspace.open(
            getattr(arguments, "data_dir", None),
            model=getattr(arguments, "model", None),
            embedder=getattr(arguments, "embedder", None),
            passphrase=passphrase,
            job=Job(output.progress),
        )

    for attempt in range(ATTEMPTS):
        workspace = with_passphrase(arguments, opened)
        try:
            workspace.require_given_models()
            if _is_done(workspace, arguments, output, last=attempt == ATTEMPTS - 1):
                break
        finally:
            workspace.close()
    return 0


def _is_done(workspace: Workspace, arguments: argparse.Namespace, output: Output, *, last: bool) -> bool:
    """Run the command. False if damage was found in what is stored, and the workspace must be opened again, which mends
    it, for the command to be run once more."""
    try:
        workspace.library.finish_removals(Job(output.progress))
        COMMANDS[arguments.command](workspace, arguments, output)
        for notice in workspace.take_notices():
            output.note(notice)
    except DatabaseDamaged:
        if last:
            raise
        return False
    except (Fault, Cancelled, BrokenPipeError):
        raise
    except Exception:
        log.exception("command %s failed", arguments.command)
        if last or not _was_damage(workspace, output):
            raise
        return False
    return True


def _was_damage(workspace: Workspace, output: Output) -> bool:
    """Whether damage explains an unexpected error; it is mended then."""
    try:
        return workspace.mend(Job(output.progress))
    except DatabaseDamaged:
        return True


def _log_path(arguments: argparse.Namespace) -> Path:
    return Path(getattr(arguments, "data_dir", None) or default_data_dir()) / "logs" / "papermoor.log"
