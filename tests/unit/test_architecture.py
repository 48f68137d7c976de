"""The floors, and what may be imported on the way to a window or a command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("gui", "core", "models")
LONGEST_FILE = 350
HEAVY = ("huggingface_hub", "llama_cpp", "milvus_lite", "openai_harmony", "pandas", "pymilvus")


def test_nothing_imports_upward_and_each_library_has_one_owner() -> None:
    """In a process of its own: import-linter turns off the loggers that other tests listen to."""
    code = "from importlinter.cli import lint_imports\nraise SystemExit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [("core.cli", (*HEAVY, "PySide6", "numpy")), ("core.workspace", (*HEAVY, "PySide6"))],
)
def test_heavy_libraries_wait_until_they_are_used(module: str, unwanted: tuple[str, ...]) -> None:
    assert not _loaded_by(f"import {module}", unwanted)


def test_the_command_lines_help_loads_no_window() -> None:
    call = "import sys; sys.argv = ['papermoor', '--help']\nimport gui.__main__ as start\n"
    code = call + "try:\n    start.main()\nexcept SystemExit:\n    pass"
    assert not _loaded_by(code, (*HEAVY, "PySide6", "numpy"))


def test_the_window_is_there_before_any_heavy_library() -> None:
    assert not _loaded_by("import gui.main_window", HEAVY)


def _loaded_by(code: str, names: tuple[str, ...]) -> list[str]:
    """Which of the modules `names` a fresh Python has loaded after `code`."""
    report = f"\nimport sys\nprint('loaded:', *[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + report], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].removeprefix("loaded:").split()


def test_packaging_is_no_package() -> None:
    """An __init__.py there would hide the library of the same name."""
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_a_file_can_be_read_in_one_sitting() -> None:
    files = [file for floor in FLOORS for file in (ROOT / floor).rglob("*.py")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_module_is_a_drawer_for_everything() -> None:
    names = {file.stem for floor in FLOORS for file in (ROOT / floor).rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
