"""How `papermoor` starts: which arguments open the window, what is imported, which Qt is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import PySide6
import pytest

from gui.__main__ import window_options
from gui.app import unsupported_qt_reason

ROOT = Path(__file__).parents[2]
HEAVY = ("pymilvus", "llama_cpp", "numpy", "openai_harmony", "huggingface_hub", "liteparse", "pandas")


def test_options_without_a_command_open_the_window(tmp_path: Path) -> None:
    assert window_options([]) == {"paths": []}
    assert window_options(["--data-dir", "d", "--model=m.gguf"]) == {
        "paths": [],
        "--data-dir": ["d"],
        "--model": ["m.gguf"],
    }
    assert window_options([str(tmp_path)]) == {"paths": [str(tmp_path)]}


@pytest.mark.parametrize(
    "arguments", [["search", "x"], ["--data-dir", "d", "index", "x"], ["--help"], ["--model"], ["--json"]]
)
def test_everything_else_is_for_the_command_line(arguments: list[str]) -> None:
    assert window_options(arguments) is None


def test_the_command_line_imports_no_qt() -> None:
    code = (
        "import sys; from gui.__main__ import main; status = main(['--help']); "
        "assert not any(name.startswith('PySide6') for name in sys.modules); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "search" in done.stdout


def test_the_window_imports_nothing_heavy() -> None:
    code = f"import sys, gui.app; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_without_a_display_one_sentence_says_so() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux runs without a display")
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-m", "gui"], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120
    )
    assert done.returncode == 1 and "no display" in done.stderr and "Traceback" not in done.stderr


def test_pyside_6_12_0_on_python_3_11_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unsupported_qt_reason() == ""
    monkeypatch.setattr(PySide6, "__version__", "6.12.0")
    monkeypatch.setattr(sys, "version_info", (3, 11, 7, "final", 0))
    assert "6.12.0" in unsupported_qt_reason() and "6.11.3" in unsupported_qt_reason()
    monkeypatch.setattr(sys, "version_info", (3, 12, 1, "final", 0))
    assert unsupported_qt_reason() == ""
