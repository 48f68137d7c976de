"""`papermoor`: opens the window, or runs the command line if a command is given. Only the window imports Qt."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

SWITCH_INTERVAL_S = 0.001
"""How long a busy worker keeps the interpreter while the GUI thread waits for it. Python's default is 5 ms."""
OPTIONS_WITH_VALUE = ("--data-dir", "--model", "--embedder")


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 1 failed, 2 wrong use."""
    if getattr(sys, "frozen", False):  # the parser processes of the packaged program start here as well
        from multiprocessing import freeze_support

        freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = window_options(arguments)
    if options is None:
        from core.cli import main as run_command

        return run_command(arguments)
    return _open_window(options)


def window_options(arguments: Sequence[str]) -> dict[str, list[str]] | None:
    """Return the options to open the window with, or None if `arguments` are for the command line: a command, --help,
    or anything unknown. "paths" are existing absolute paths, as a desktop passes them; they go into the library."""
    options: dict[str, list[str]] = {"paths": []}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, equals, value = argument.partition("=")
        if name in OPTIONS_WITH_VALUE and (equals or rest):
            options[name] = [value if equals else rest.pop(0)]
        elif Path(argument).is_absolute() and Path(argument).exists():
            options["paths"].append(argument)
        else:
            return None
    return options


def _open_window(options: dict[str, list[str]]) -> int:
    import gc

    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.disable()  # for good: `gui.garbage_collection` takes over; during the imports there is none to collect
    try:
        from gui.app import run_window, unsupported_qt_reason
    except ImportError as error:
        print(f"papermoor: the window cannot be opened: {error}", file=sys.stderr)
        return 1
    if reason := unsupported_qt_reason():
        print(f"papermoor: {reason}", file=sys.stderr)
        return 1
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        print(
            "papermoor: there is no display to open a window on; see papermoor --help for the commands", file=sys.stderr
        )
        return 1
    from core.data_dir import default_data_dir
    from gui.workspace_session import LaunchOptions

    def path(name: str) -> Path | None:
        return Path(options[name][-1]).expanduser().absolute() if name in options else None

    return run_window(
        LaunchOptions(
            path("--data-dir") or default_data_dir(),
            path("--model"),
            path("--embedder"),
            paths=tuple(map(Path, options["paths"])),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
