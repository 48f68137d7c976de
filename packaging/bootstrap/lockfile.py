"""constraints.txt: exact versions and hashes in named sections, read for pip and written with uv."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bootstrap.say import Stopped

NAME = "constraints.txt"
SECTIONS = ("run", "native", "test", "data", "build")
HEADER = """\
# Every package that Papermoor is run, tested and built with: exact versions, and the SHA-256 of each of their files.
# Written by `python3 dev.py lock` from pyproject.toml; not to be edited by hand. Installed section by section with
# pip's --require-hashes --no-deps: run (the application), native (llama-cpp-python, built from its sources), test
# (tests and checks), data (weights for the tests), build (what native is built with).
"""
_SECTION = re.compile(r"^# \[(\w+)\]$")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
# One version of each package for all of Python 3.11 and newer and for all systems, wherever that is possible.
_COMPILE = ("--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--generate-hashes")
_PLAIN = ("--quiet", "--no-header", "--no-annotate", "--no-emit-index-url")


def read_sections(path: Path) -> dict[str, str]:
    """The text of each section of the constraints file, by name."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if found := _SECTION.match(line):
            lines = sections.setdefault(found[1], [])
        elif not line.startswith("#"):
            lines.append(line)
    return {name: "\n".join(lines).strip() + "\n" for name, lines in sections.items()}


def pins(section: str) -> dict[str, str]:
    """Package name to version; a package pinned twice (for two systems) keeps the first."""
    found: dict[str, str] = {}
    for line in section.splitlines():
        if pin := _PIN.match(line):
            found.setdefault(pin[1].lower(), pin[2])
    return found


def write(root: Path, *, upgrade: bool) -> str:
    """Write constraints.txt anew and say what changed. Versions stay as they are where pyproject.toml allows it,
    unless `upgrade`. Needs uv on the PATH."""
    uv = shutil.which("uv")
    if uv is None:
        raise Stopped("`lock` needs uv: install it with: python3 -m pip install uv (outside of .venv)")
    path = root / NAME
    before = read_sections(path) if path.exists() else {}
    kept = {} if upgrade else before
    with tempfile.TemporaryDirectory(prefix="papermoor-") as folder:
        sections = _compile_all(uv, root, Path(folder), kept)
    text = HEADER + "".join(f"\n# [{name}]\n{sections[name]}" for name in SECTIONS)
    path.write_text(text, "utf-8", newline="\n")
    return _changes(before, sections)


def _compile_all(uv: str, root: Path, folder: Path, kept: Mapping[str, str]) -> dict[str, str]:
    """Each section resolved. Tests share the application's environment and so must fit it; the build has its own."""
    project = str(root / "pyproject.toml")
    run, both, build, data = (folder / f"{name}.txt" for name in ("run", "both", "build", "data"))
    # uv keeps the versions it finds in the file it is to write.
    run.write_text(kept.get("run", "") + kept.get("native", ""), "utf-8")
    _compile(uv, root, run, [project])
    both.write_text(run.read_text("utf-8") + kept.get("test", ""), "utf-8")
    _compile(uv, root, both, [project, "--group", f"{project}:test", "-c", str(run)])
    build.write_text(kept.get("build", ""), "utf-8")
    _compile(uv, root, build, ["--group", f"{project}:build"])
    _compile(uv, root, data, ["--group", f"{project}:data", "--no-deps"])
    base = _entries(run)
    native = [entry for entry in base if entry.startswith("llama-cpp-python==")]
    return {
        "run": "".join(entry for entry in base if entry not in native),
        "native": "".join(native),
        "test": "".join(entry for entry in _entries(both) if entry not in base),
        "data": "".join(_entries(data)),
        "build": "".join(_entries(build)),
    }


def _compile(uv: str, root: Path, output: Path, arguments: Sequence[str]) -> None:
    command = [uv, "pip", "compile", *_PLAIN, *_COMPILE, *arguments, "-o", str(output)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stopped(f"uv found no set of versions that fits pyproject.toml:\n{done.stderr.strip()}")


def _entries(file: Path) -> list[str]:
    """A requirements file cut into its requirements, each with the hash lines that follow it."""
    return [entry for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", file.read_text("utf-8")) if _PIN.match(entry)]


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    old = pins("".join(before.values()))
    new = pins("".join(after.values()))
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return "\n".join(f"  {name}: {old.get(name, 'none')} -> {new.get(name, 'none')}" for name in names)
