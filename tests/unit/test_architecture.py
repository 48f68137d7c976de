"""The floors and rooms: what may import what, what rooms say they hold, and what a start may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
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


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for types and imports inside functions count too. `prepare` raises CycleError, which names the circle."""
    graph = grimp.build_graph(*FLOORS)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert sum(map(len, imports.values())) > 1000
    TopologicalSorter(imports).prepare()


def test_every_room_says_in_a_sentence_what_it_holds() -> None:
    rooms = [file for floor in FLOORS for file in (ROOT / floor).rglob("__init__.py")]
    sentences = {
        str(file.relative_to(ROOT)): ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "" for file in rooms
    }
    assert len(rooms) > 30
    assert not [name for name, sentence in sentences.items() if len(sentence) < 40 or "TODO" in sentence]


def test_a_public_name_of_a_class_is_used_once() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for file in _sources():
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(file.relative_to(ROOT)))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def test_the_architecture_names_only_files_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = set(re.findall(r"(?:core|gui|models|tests|packaging)/[\w/.]+", text))
    assert len(named) > 30
    assert not [name for name in named if not (ROOT / name.rstrip(".")).exists()]


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
    lengths = {str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines()) for file in _sources()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_module_is_a_drawer_for_everything() -> None:
    names = {file.stem for file in _sources()}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "common", "misc", "words"}


def _sources() -> Iterator[Path]:
    return (file for floor in FLOORS for file in (ROOT / floor).rglob("*.py"))
