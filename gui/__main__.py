"""`papermoor`: the window without a command, the command line with one. Imports Qt for the window only."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

SWITCH_S = 0.001  # a busy worker gives way to the window after this long, not after five times as long
WITH_VALUE = ("--data-dir", "--model", "--embedder")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 failed, 2 wrong use."""
    if getattr(sys, "frozen", False):  # a parser process of the packaged program starts here, too
        from multiprocessing import freeze_support

        freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = window_options(arguments)
    if options is None:
        from core.cli import main as run_command

        return run_command(arguments)
    return _open_window(options)


def window_options(arguments: Sequence[str]) -> dict[str, list[str]] | None:
    """The options the window is opened with, or None if `arguments` are for the command line: they hold a command,
    --help, or anything else. Absolute paths of files and folders (as a desktop passes them) are added."""
    found: dict[str, list[str]] = {"paths": []}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, given, value = argument.partition("=")
        if name in WITH_VALUE and (given or rest):
            found[name] = [value if given else rest.pop(0)]
        elif Path(argument).is_absolute() and Path(argument).exists():
            found["paths"].append(argument)
        else:
            return None
    return found


def _open_window(options: dict[str, list[str]]) -> int:
    import gc

    sys.setswitchinterval(SWITCH_S)
    gc.disable()  # for good: `gui.collect` collects from the GUI thread. Here it would go over the imports for nothing.
    try:
        from gui.app import run, unusable_qt
    except ImportError as error:
        print(f"papermoor: the window cannot be opened: {error}", file=sys.stderr)
        return 1
    if reason := unusable_qt():
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
    from gui.main_window import WindowOpening

    def path(name: str) -> Path | None:
        return Path(options[name][-1]).expanduser().absolute() if name in options else None

    return run(
        WindowOpening(
            path("--data-dir") or default_data_dir(),
            path("--model"),
            path("--embedder"),
            paths=tuple(Path(given) for given in options["paths"]),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
