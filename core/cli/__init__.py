"""Papermoor at a terminal: index, search, ask, text, status, doctor. Results to stdout, progress to stderr."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Run one command; gives the exit status: 0 done, 1 failed (one sentence on stderr), 2 wrong use."""
    from core.cli.run import run_command_line

    return run_command_line(argv)
