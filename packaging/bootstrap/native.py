"""llama-cpp-python: built once from its pinned sources for this machine's processor, kept, and found again."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from bootstrap import lockfile
from bootstrap.environment import (
    WINDOWS,
    Places,
    explain_pip,
    install_pinned,
    read_stamp,
    requirements_file,
    setup_key,
    write_stamp,
)
from bootstrap.machine import check_compiler
from bootstrap.say import ProgressLine, Stopped

CMAKE_ARGUMENTS = "-DLLAVA_BUILD=OFF"
CMAKE_INCLUDE = Path(__file__).with_name("llama_build.cmake")
PACKAGE = "llama-cpp-python"
# Starts ggml's processor back end, which computes tables with the instructions that it was built for.
_PROBE = "import llama_cpp; llama_cpp.llama_backend_init(); print(llama_cpp.__version__)"
_STEP = re.compile(r"^\s*\[(\d+)/(\d+)\]")
# What -march=native looks at; the other flags change with the kernel and would only force a new build.
_INSTRUCTION_SETS = re.compile(
    r"^(sse|ssse|avx|fma|f16c|bmi|amx|popcnt|adx|gfni|vaes|vpclmul|xop|lzcnt|abm|asimd|fp|sve|sme|i8mm|bf16|dotprod)"
)


def check(places: Places) -> None:
    """Before anything is fetched: where a build will be needed, what it needs must be there."""
    version = _version(places)
    if not _works(places, version) and not any(kept_wheels(places, version, with_foreign=not _custom())):
        check_compiler()


def install(places: Places, line: ProgressLine) -> None:
    """Have llama-cpp-python in the environment, and note it in the stamp: what is there already, else a wheel that was
    kept, else one built now."""
    _install(places, _version(places), line)
    write_stamp(places, {**read_stamp(places), "native": setup_key(places, "native")})


def _install(places: Places, version: str, line: ProgressLine) -> None:
    known = read_stamp(places).get("native") == setup_key(places, "native")
    if (known or not _custom()) and _works(places, version):
        return
    for wheel in kept_wheels(places, version, with_foreign=not _custom()):
        if _try(places, wheel, version):
            line.finish(f"llama.cpp: using the build that was kept ({wheel})")
            return
    wheel = build(places, line)
    if not _try(places, wheel, version):
        raise Stopped(f"llama-cpp-python was built but does not start; remove {wheel.parent} and run this again.")


def _version(places: Places) -> str:
    return lockfile.pins(lockfile.read_sections(places.root / lockfile.NAME)["native"])[PACKAGE]


def _custom() -> bool:
    """Whether the person asked for a build of a special kind, which no wheel of unknown origin can be."""
    return bool(os.environ.get("CMAKE_ARGS"))


def processor() -> str:
    """The processor's name and instruction sets: a wheel is built for exactly these."""
    if sys.platform == "darwin":
        asked = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip()
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:
        return os.environ.get("PROCESSOR_IDENTIFIER", platform.processor())
    fields = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
    values = {name.strip(): value.strip() for name, value in fields.items()}
    flags = (values.get("flags") or values.get("Features") or "").split()
    name = values.get("model name") or values.get("CPU part") or ""
    return " ".join([name, *sorted(flag for flag in flags if _INSTRUCTION_SETS.match(flag))])


def wheel_folder(places: Places, version: str) -> Path:
    """Where a wheel of this version for this machine, its processor and the CMAKE_ARGS in force is kept."""
    key = "\0".join([processor(), CMAKE_ARGUMENTS, CMAKE_INCLUDE.read_text("utf-8"), os.environ.get("CMAKE_ARGS", "")])
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    return places.cache / "wheels" / f"{version}-{sys.platform}-{platform.machine().lower()}-{digest}"


def kept_wheels(places: Places, version: str, *, with_foreign: bool) -> Iterator[Path]:
    """Wheels worth a try: the folder named by PAPERMOOR_WHEELS, pip's find-links, then our own cache."""
    folders: list[Path] = []
    if with_foreign:
        if named := os.environ.get("PAPERMOOR_WHEELS"):
            folders.append(Path(named))
        folders += _find_links(places)
    folders.append(wheel_folder(places, version))
    for folder in folders:
        yield from sorted(folder.glob(f"llama_cpp_python-{version}-*.whl"), reverse=True)


def _find_links(places: Places) -> list[Path]:
    """The folders that pip's own configuration names for wheels; addresses are left alone."""
    command = [str(places.python), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.findall(r"^\S*find-links='(.*)'$", listed, re.MULTILINE)
    entries = [entry.removeprefix("file://") for value in found for entry in value.replace("\\n", " ").split()]
    return [Path(entry) for entry in dict.fromkeys(entries) if "://" not in entry]


def _try(places: Places, wheel: Path, version: str) -> bool:
    """Install `wheel`; whether it then starts. One built for another processor dies there, in a process of its own."""
    command = [
        str(places.python),
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--no-deps",
        "--force-reinstall",
        str(wheel),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and _works(places, version)


def _works(places: Places, version: str) -> bool:
    try:
        done = subprocess.run([places.python, "-P", "-c", _PROBE], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def build(places: Places, line: ProgressLine) -> Path:
    """Build the wheel in a throw-away virtual environment and keep it in the cache; the path of the wheel kept."""
    check_compiler()
    sections = lockfile.read_sections(places.root / lockfile.NAME)
    target = wheel_folder(places, _version(places))
    target.mkdir(parents=True, exist_ok=True)
    line.finish("llama.cpp is built for this processor now: 5 to 15 minutes, once; later set-ups reuse it.")
    with tempfile.TemporaryDirectory(prefix="papermoor-") as folder:
        tools = Places(places.root, Path(folder, "tools"), places.cache)
        subprocess.run([sys.executable, "-m", "venv", str(tools.venv)], check=True, capture_output=True)
        install_pinned(tools.python, sections["build"], line, "Fetching build tools")
        with requirements_file(sections["native"]) as file:
            _run_build(tools, file, Path(folder, "out"), target / "build.log", line)
        (built,) = Path(folder, "out").glob("*.whl")
        partial = target / f"{built.name}.part"
        shutil.copyfile(built, partial)
        kept = target / built.name
        os.replace(partial, kept)
    line.finish(f"llama.cpp is built and kept in {target}")
    return kept


def _run_build(tools: Places, requirements: str, out: Path, log: Path, line: ProgressLine) -> None:
    """pip wheel, its output in `log`, ninja's steps as progress."""
    environment = dict(os.environ)
    scripts = tools.python.parent
    environment["PATH"] = f"{scripts}{os.pathsep}{environment.get('PATH', '')}"
    include = f'"-DCMAKE_PROJECT_llama_cpp_INCLUDE={CMAKE_INCLUDE.as_posix()}"'
    environment["CMAKE_ARGS"] = f"{CMAKE_ARGUMENTS} {include} {environment.get('CMAKE_ARGS', '')}".strip()
    environment |= {"PYTHONUNBUFFERED": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    if not WINDOWS:
        environment.setdefault("CMAKE_GENERATOR", "Ninja")
    options = ["--no-deps", "--no-build-isolation", "--no-cache-dir", "--require-hashes", "--no-binary", PACKAGE]
    command = [str(tools.python), "-m", "pip", "wheel", "-v", *options, "-w", str(out), "-r", requirements]
    tail: deque[str] = deque(maxlen=60)
    line.start("Fetching llama.cpp's sources (77 MB)")
    with (
        log.open("w", encoding="utf-8") as record,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
        ) as process,
    ):
        assert process.stdout is not None
        for text in process.stdout:
            record.write(text)
            tail.append(text.rstrip())
            if step := _STEP.match(text):
                line.show(f"Building llama.cpp: step {step[1]} of {step[2]}")
    if process.returncode == 0:
        return
    said = "\n".join(tail)
    if "Building wheel" not in log.read_text("utf-8", errors="replace"):
        raise Stopped(explain_pip(said))
    errors = [text.strip() for text in tail if "error" in text.lower()][-5:]
    raise Stopped("\n  ".join([f"llama.cpp could not be built; the whole log is {log}", *errors]))
