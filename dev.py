#!/usr/bin/env python3
"""Sets up, runs, tests and checks Papermoor from its sources, with nothing but Python's standard library.

python3 dev.py run [ARGS...]          set up what is missing, then open the window or run the command line
python3 dev.py test [ARGS...]         the tests (arguments go to pytest)
python3 dev.py check                  style, types, floors, translations
python3 dev.py bench [NAME ARGS...]   measure; without a name, say what can be measured
python3 dev.py fuzz [TARGET...]       inputs made by chance; --seconds N, --seed S
python3 dev.py translate              bring core/locales/ up to date with the sources
python3 dev.py lock [--upgrade]       write constraints.txt from pyproject.toml (needs uv)
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "packaging"))
OLDEST_PYTHON = (3, 11)
RUN = ("run", "native")
TEST = ("run", "native", "test", "data")
OPTIONS_WITH_VALUE = ("--data-dir", "--model", "--embedder")
TRANSLATED_FOLDERS = ("gui", "core", "models")
TEXT_FUNCTIONS = ("tr", "N_", "ngettext:1,2")
CODE = ("gui", "core", "models", "tests", "packaging/bootstrap", "dev.py")


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is its own, 1 where the set-up cannot go on, 2 for wrong use."""
    if sys.version_info < OLDEST_PYTHON:
        version = "%d.%d" % sys.version_info[:2]  # noqa: UP031  # this line must run on any Python
        sys.stderr.write("Papermoor needs Python 3.11 or newer, and this is Python " + version + ".\n")
        return 1
    from bootstrap.say import Stopped

    commands = {"run": run, "test": test, "check": check, "bench": bench, "fuzz": fuzz, "translate": translate,
                "lock": lock}  # fmt: skip
    command = commands.get(arguments[0]) if arguments else None
    if command is None:
        asked = bool(arguments) and arguments[0] in ("-h", "--help", "help")
        (sys.stdout if asked else sys.stderr).write(__doc__)
        return 0 if asked else 2
    try:
        return command(arguments[1:])
    except Stopped as stopped:
        sys.stderr.write(f"\n{stopped}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130


def run(arguments: list[str]) -> int:
    """The application: its window, or with a command its command line, which needs neither Qt's libraries nor a
    display."""
    if not opens_window(arguments):
        return become([set_up(RUN), "-P", "-m", "gui", *arguments], environment())
    from bootstrap import machine

    if machine.has_display():
        machine.check_qt_libraries()
        return become([set_up(RUN), "-P", "-m", "gui", *arguments], environment())
    python = set_up(RUN)
    sys.stderr.write(
        "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so the window cannot open. "
        "Papermoor's command line works without one:\n\n"
    )
    sys.stderr.flush()
    subprocess.call([python, "-P", "-m", "gui", "--help"], env=environment())
    return 1


def opens_window(arguments: list[str]) -> bool:
    """Whether the application shows its window: it does unless there is a command or --help among its arguments."""
    rest = list(arguments)
    while rest:
        if rest[0].split("=")[0] in OPTIONS_WITH_VALUE:
            del rest[: 1 if "=" in rest[0] else 2]
        elif os.path.isabs(rest[0]) and os.path.exists(rest[0]):
            del rest[0]  # a file to open, as a desktop passes it
        else:
            return False
    return True


def test(arguments: list[str]) -> int:
    """pytest, its windows drawn off the screen."""
    from bootstrap import machine

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    machine.check_qt_libraries()
    python = set_up(TEST)
    os.chdir(ROOT)
    return become([python, "-m", "pytest", *arguments], environment())


def check(arguments: list[str]) -> int:
    """Every check that reads the code without running the application; all are run, also after one has failed."""
    if arguments:
        sys.stderr.write("check takes no arguments\n")
        return 2
    python = set_up(TEST)
    os.chdir(ROOT)
    steps = {
        "style": ["-m", "ruff", "check", "."],
        "format": ["-m", "ruff", "format", "--check", "."],
        "types": ["-m", "mypy", *CODE],
        "floors": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        "translations": ["-m", "pytest", "-q", "--no-header", "tests/unit/test_translations.py"],
    }
    failed = []
    for name, step in steps.items():
        print(f"-- {name}", flush=True)
        if subprocess.call([python, *step], env=environment()):
            failed.append(name)
    print(f"check: {'failed: ' + ', '.join(failed) if failed else 'all passed'}", flush=True)
    return 1 if failed else 0


def bench(arguments: list[str]) -> int:
    """Run the measurement tests/bench/bench_NAME.py, or say which there are."""
    found = {file.stem[len("bench_") :]: file for file in sorted((ROOT / "tests" / "bench").glob("bench_*.py"))}
    if not arguments or arguments[0] not in found:
        print("python3 dev.py bench NAME [ARGS...], where NAME is one of:")
        for name, file in found.items():
            print(f"  {name:12} {first_sentence(file)}")
        return 2 if arguments else 0
    python = set_up(TEST)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return become([python, "-P", "-m", f"tests.bench.bench_{arguments[0]}", *arguments[1:]], environment())


def fuzz(arguments: list[str]) -> int:
    """Look for faults with inputs made by chance (tests/fuzz)."""
    return become([set_up(TEST), "-P", "-m", "tests.fuzz", *arguments], environment())


def first_sentence(file: Path) -> str:
    """The first line of a module's docstring."""
    import ast

    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return text.split("\n")[0]


def translate(arguments: list[str]) -> int:
    """Extract the texts, bring the catalogues up to date with them, compile; the new ones are left to be translated."""
    python = set_up(TEST)
    os.chdir(ROOT)
    Path("build").mkdir(exist_ok=True)
    template, folder = str(Path("build", "papermoor.pot")), str(Path("core", "locales"))
    functions = [part for function in TEXT_FUNCTIONS for part in ("-k", function)]
    extracted = ["--no-default-keywords", *functions, "--no-location", "--sort-output", "--project", "Papermoor"]
    kept = ["--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date", "--width", "120"]
    for step in (
        ["extract", "-F", "pyproject.toml", *extracted, "-o", template, *TRANSLATED_FOLDERS],
        ["update", "-D", "papermoor", "-d", folder, "-i", template, *kept],
        ["compile", "-D", "papermoor", "-d", folder, "--statistics"],
    ):
        if subprocess.call([python, "-m", "babel.messages.frontend", *step], env=environment()):
            return 1
    return 0


def lock(arguments: list[str]) -> int:
    """Resolve pyproject.toml into constraints.txt."""
    from bootstrap import lockfile

    print(lockfile.write(ROOT, upgrade="--upgrade" in arguments) or "Nothing changed.")
    return 0


def set_up(sections: tuple[str, ...]) -> str:
    """Have a virtual environment that holds `sections` of constraints.txt; the path of its Python."""
    from bootstrap.prepare import prepare

    return str(prepare(ROOT, sections))


def environment() -> dict[str, str]:
    """This process's environment, with the sources where Python finds them from any folder."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def become(command: list[str], variables: dict[str, str]) -> int:
    """Go on as `command`; where the system cannot replace a process, run it and pass its exit status on."""
    sys.stdout.flush()
    if sys.platform == "win32":
        return subprocess.call(command, env=variables)
    os.execve(command[0], command, variables)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
