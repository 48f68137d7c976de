"""The command line: prints results on stdout, progress and notes on stderr. Needs no Qt. Used by `gui.__main__`."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Run one command and return the exit status: 0 if done, 1 if it failed (with one sentence on stderr), 2 for wrong
    arguments."""
    from core.cli.run import run_command_line

    return run_command_line(argv)
