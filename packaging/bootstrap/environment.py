"""The virtual environment of a checkout: made, filled from constraints.txt, repaired, and known to be ready."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrap import lockfile
from bootstrap.machine import check_venv
from bootstrap.say import ProgressLine, Stopped

STAMP = "papermoor-setup.json"
UNFINISHED = "unfinished"
_FOUND = re.compile(r"(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)==")
WINDOWS = sys.platform == "win32"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the sources are, where their virtual environment goes, and the person's cache folder."""

    root: Path
    venv: Path
    cache: Path

    @property
    def python(self) -> Path:
        return self.venv / "Scripts" / "python.exe" if WINDOWS else self.venv / "bin" / "python"

    @classmethod
    def of(cls, root: Path) -> Places:
        return cls(root, root / ".venv", cache_folder())


def cache_folder() -> Path:
    """The person's cache folder for Papermoor, where platformdirs puts it too."""
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local", "Papermoor", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "Papermoor"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "Papermoor")


def setup_key(places: Places, section: str) -> str:
    """Names everything that decides what a section's installation holds; a stamp with it means: nothing to do."""
    sections = lockfile.read_sections(places.root / lockfile.NAME)
    text = [sections[section], f"{sys.version_info[0]}.{sys.version_info[1]}", sys.platform, str(places.venv)]
    if section == "native":
        text.append(os.environ.get("CMAKE_ARGS", ""))
    return hashlib.sha256("\0".join(text).encode()).hexdigest()


def read_stamp(places: Places) -> dict[str, str]:
    """Section to the key it was installed with; empty where nothing is known."""
    try:
        stamp = json.loads((places.venv / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in stamp.items()} if isinstance(stamp, dict) else {}


def write_stamp(places: Places, stamp: dict[str, str]) -> None:
    file = places.venv / STAMP
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(stamp, indent=1), "utf-8")
    os.replace(partial, file)


def ready(places: Places, sections: Sequence[str]) -> bool:
    """Whether `sections` are installed as constraints.txt says now. Takes a few milliseconds; starts no process."""
    stamp = read_stamp(places)
    if not stamp or UNFINISHED in stamp or not places.python.exists():
        return False
    return all(stamp.get(section) == setup_key(places, section) for section in sections)


@contextlib.contextmanager
def alone(places: Places, line: ProgressLine) -> Iterator[None]:
    """One set-up at a time for a checkout; a second one waits. The lock ends with its process."""
    folder = places.cache / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(places.venv).encode()).hexdigest()[:16]
    with (folder / f"{name}.lock").open("a+") as file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                line.show("Waiting for another set-up of this folder to finish")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_venv(places: Places, line: ProgressLine) -> None:
    """Have a virtual environment of this Python; one that is broken, unfinished or of another Python is made anew."""
    if _usable(places):
        return
    check_venv()
    line.start(f"Making the virtual environment {places.venv.name}")
    command = [sys.executable, "-m", "venv", "--clear", str(places.venv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise Stopped(f"Python could not make the virtual environment {places.venv}: {said[-1] if said else ''}")


def _usable(places: Places) -> bool:
    """Whether the environment runs, is of this Python's version, has pip, and no installation broke off in it."""
    if UNFINISHED in read_stamp(places):
        return False
    probe = "import sys, pip; print(sys.version_info[0], sys.version_info[1])"
    try:
        done = subprocess.run([places.python, "-c", probe], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.split() == [str(part) for part in sys.version_info[:2]]


def install(places: Places, sections: Sequence[str], line: ProgressLine) -> None:
    """Install `sections` of constraints.txt and note it in the stamp.

    While pip unpacks, the stamp says so: an environment in which that broke off is made anew (`make_venv`).
    """
    texts = lockfile.read_sections(places.root / lockfile.NAME)
    wanted = "".join(texts[section] for section in sections)
    stamp = read_stamp(places)

    def unpacking() -> None:
        write_stamp(places, {**stamp, UNFINISHED: "yes"})

    install_pinned(places.python, wanted, line, "Fetching packages", unpacking)
    stamp |= {section: setup_key(places, section) for section in sections}
    write_stamp(places, stamp)


def install_pinned(
    python: Path, pinned: str, line: ProgressLine, label: str, unpacking: Callable[[], None] | None = None
) -> None:
    """Install the requirements `pinned`: every file's hash is checked, nothing is resolved, nothing is built."""
    with requirements_file(pinned) as file:
        arguments = ["install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", file]
        run_pip(python, arguments, line, label, len(lockfile.pins(pinned)), unpacking)


@contextlib.contextmanager
def requirements_file(text: str) -> Iterator[str]:
    """`text` as a file that pip can read, also on Windows, where an open file cannot be opened twice."""
    with tempfile.TemporaryDirectory(prefix="papermoor-") as folder:
        file = Path(folder, "requirements.txt")
        file.write_text(text, "utf-8")
        yield str(file)


def run_pip(
    python: Path,
    arguments: Sequence[str],
    line: ProgressLine,
    label: str,
    total: int,
    unpacking: Callable[[], None] | None,
) -> None:
    """Run pip with its progress in one line; raise `Stopped` with a sentence if it fails. `unpacking` is called when
    everything has been fetched and files begin to change."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PYTHONUNBUFFERED": "1"}
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_REQUIRE_HASHES"):
        environment.pop(name, None)
    command = [str(python), "-m", "pip", *arguments]
    tail: deque[str] = deque(maxlen=60)
    done = 0
    line.start(f"{label}: {total} to get")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    ) as process:
        assert process.stdout is not None
        for text in process.stdout:
            tail.append(text.rstrip())
            if found := _FOUND.match(text):
                done += 1
                line.show(f"{label}: {done} of {total}, {found[1]}")
            elif text.startswith("Installing collected packages"):
                line.start("Unpacking packages")
                if unpacking:
                    unpacking()
    if process.returncode:
        raise Stopped(explain_pip("\n".join(tail)))


def explain_pip(output: str) -> str:
    """The sentence for why pip failed, from the end of what it printed."""
    if "No space left on device" in output or "not enough space" in output:
        return "The disk is full: Papermoor's packages need about 2 GB; make room and run the same command again."
    if "DO NOT MATCH THE HASHES" in output:
        return (
            "A package that was downloaded is not the one this version of Papermoor was tested with, so it was not "
            "installed. A proxy or mirror may have changed it.\n" + _last_lines(output)
        )
    network = ("NewConnectionError", "ConnectTimeout", "Temporary failure in name resolution", "ProxyError")
    unreachable = ("Network is unreachable", "getaddrinfo failed", "SSLError", "Read timed out", "Connection refused")
    if any(sign in output for sign in network + unreachable):
        return (
            "The Python package index could not be reached: connect this machine to the network, or set pip's proxy or "
            "index (pip config), and run the same command again; what has been fetched is kept."
        )
    if "No matching distribution" in output or "Could not find a version" in output:
        return (
            "A package has no build for this machine and this Python; README.md says which systems are supported.\n"
            + _last_lines(output)
        )
    return "pip could not install Papermoor's packages:\n" + _last_lines(output)


def _last_lines(output: str) -> str:
    chatter = ("WARNING", "Ignoring ", "Looking in ", "Collecting ", "Requirement already satisfied")
    lines = [text for text in output.splitlines() if text.strip() and not text.lstrip().startswith(chatter)]
    return "\n".join(f"  {text}" for text in lines[-12:])
