"""dev.py and packaging/bootstrap: what a fresh checkout is set up with, and what it says when something is missing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import dev
from bootstrap import environment, lockfile, machine, native
from bootstrap.say import ProgressLine, Stopped, elapsed

ROOT = Path(dev.__file__).parent
SECTIONS = lockfile.read_sections(ROOT / lockfile.NAME)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
WANTED = {
    "run": PROJECT["project"]["dependencies"],
    "test": PROJECT["dependency-groups"]["test"],
    "data": PROJECT["dependency-groups"]["data"],
    "build": PROJECT["dependency-groups"]["build"],
}


@pytest.fixture
def places(tmp_path: Path) -> environment.Places:
    """A checkout that holds nothing but its constraints."""
    (tmp_path / lockfile.NAME).write_text((ROOT / lockfile.NAME).read_text("utf-8"), "utf-8")
    return environment.Places(tmp_path, tmp_path / ".venv", tmp_path / "cache")


def test_every_package_is_pinned_to_one_version_and_to_hashes() -> None:
    for section in SECTIONS.values():
        for entry in re.split(r"\n(?=\S)", section.strip()):
            first, *hashes = entry.replace("\\\n", "\n").splitlines()
            assert re.match(r"^[A-Za-z0-9._-]+==[^\s;*]+( ;.*)?\s*$", first), first
            assert hashes, first
            assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}\s*", text) for text in hashes), first


def test_the_constraints_name_no_host() -> None:
    text = (ROOT / lockfile.NAME).read_text("utf-8")
    assert "//" not in text
    assert "index-url" not in text


@pytest.mark.parametrize("section", WANTED)
def test_the_constraints_are_those_of_pyproject(section: str) -> None:
    text = (
        SECTIONS[section] + (SECTIONS["native"] if section == "run" else "") + (SECTIONS["run"] * (section == "test"))
    )
    pinned = [Requirement(line.rstrip(" \\")) for line in text.splitlines() if line[:1].isalnum()]
    for wanted in map(Requirement, WANTED[section]):
        found = [pin for pin in pinned if pin.name.lower() == wanted.name.lower()]
        versions = [next(iter(pin.specifier)).version for pin in found]
        assert any(wanted.specifier.contains(version) for version in versions), wanted


def test_dev_py_can_be_read_by_an_old_python_which_then_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ast.parse(Path(dev.__file__).read_text("utf-8"), feature_version=(3, 7))
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert dev.main(["run"]) == 1
    assert "needs Python 3.11 or newer, and this is Python 3.9" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["dance"], 2), (["--help"], 0)])
def test_wrong_use_shows_the_commands(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(arguments) == status
    shown = capsys.readouterr()
    assert "python3 dev.py run" in (shown.out if status == 0 else shown.err)


@pytest.mark.parametrize(
    ("arguments", "window"),
    [
        ([], True),
        (["--data-dir", "somewhere"], True),
        (["--data-dir=somewhere", "--model", "search"], True),
        ([str(ROOT)], True),
        (["search", "how"], False),
        (["--data-dir", "somewhere", "status"], False),
        (["--help"], False),
    ],
)
def test_the_window_opens_unless_a_command_is_given(arguments: list[str], window: bool) -> None:
    assert dev.opens_window(arguments) is window


@pytest.mark.parametrize(
    ("os_release", "family"),
    [
        ({"ID": "debian"}, "debian"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "debian"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "fedora"),
        ({"ID": "manjaro", "ID_LIKE": "arch"}, "arch"),
        ({"ID": "void"}, ""),
    ],
)
def test_a_distribution_is_known_by_itself_or_by_what_it_comes_from(os_release: dict[str, str], family: str) -> None:
    assert machine.linux_family(os_release) == family


def test_a_missing_package_is_named_as_the_distribution_names_it() -> None:
    packages = machine.packages_of(["libEGL.so.1", "libGL.so.1", "libxcb-cursor.so.0"])
    assert machine.install_hint("debian", packages).endswith("sudo apt-get install libegl1 libgl1 libxcb-cursor0")
    assert machine.install_hint("arch", packages).endswith("sudo pacman -S --needed libglvnd xcb-util-cursor")
    elsewhere = machine.install_hint("", packages)
    assert all(name in elsewhere for name in ("Debian: libegl1", "Fedora: libglvnd-egl", "Arch: libglvnd"))


@pytest.mark.parametrize(
    ("variables", "x11"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, False),
        ({"WAYLAND_DISPLAY": "wayland-0", "QT_QPA_PLATFORM": "xcb"}, True),
        ({"QT_QPA_PLATFORM": "offscreen"}, False),
    ],
)
def test_x11_libraries_are_asked_for_only_where_qt_would_use_x11(variables: dict[str, str], x11: bool) -> None:
    present = set(machine.WAYLAND_LIBRARIES) | set(machine.QT_LIBRARIES)
    missing = machine.missing_qt_libraries(variables, present.__contains__)
    assert missing == (tuple(machine.X11_LIBRARIES) if x11 else ())


def test_without_any_library_each_one_is_named() -> None:
    missing = machine.missing_qt_libraries({"WAYLAND_DISPLAY": "wayland-0"}, lambda library: False)
    assert set(missing) == {*machine.QT_LIBRARIES, *machine.X11_LIBRARIES}


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Stopped, match="compiler is missing"):
        machine.check_compiler({})


def test_the_readme_and_ci_name_the_same_system_libraries() -> None:
    packages = machine.packages_of([*machine.QT_LIBRARIES, *machine.X11_LIBRARIES])
    readme = set((ROOT / "README.md").read_text("utf-8").split())
    ci = set((ROOT / ".ci" / "run").read_text("utf-8").split())
    assert set(packages["debian"]) <= readme & ci
    assert set(packages["fedora"]) | set(packages["arch"]) <= readme
    assert "dev.py test" in (ROOT / "README.md").read_text("utf-8")


def test_an_empty_checkout_is_not_ready(places: environment.Places) -> None:
    assert not environment.ready(places, dev.RUN)


def test_a_filled_environment_is_ready_until_its_constraints_change(places: environment.Places) -> None:
    _pretend_python(places)
    environment.write_stamp(places, {name: environment.setup_key(places, name) for name in dev.RUN})
    assert environment.ready(places, dev.RUN)
    assert not environment.ready(places, dev.TEST)
    constraints = places.root / lockfile.NAME
    constraints.write_text(constraints.read_text("utf-8").replace("numpy==", "numpy==9", 1), "utf-8")
    assert not environment.ready(places, dev.RUN)
    assert environment.ready(places, ["native"])


def test_an_installation_that_broke_off_is_not_ready(places: environment.Places) -> None:
    _pretend_python(places)
    keys = {name: environment.setup_key(places, name) for name in dev.RUN}
    environment.write_stamp(places, keys | {environment.UNFINISHED: "yes"})
    assert not environment.ready(places, dev.RUN)


def test_a_damaged_environment_is_made_anew(places: environment.Places) -> None:
    _pretend_python(places)
    environment.write_stamp(places, {"run": "of a broken one"})
    environment.make_venv(places, ProgressLine())
    version = subprocess.run([places.python, "-m", "pip", "--version"], capture_output=True, text=True, check=True)
    assert str(places.venv) in version.stdout
    assert environment.read_stamp(places) == {}


def _pretend_python(places: environment.Places) -> None:
    places.python.parent.mkdir(parents=True)
    places.python.write_bytes(b"no program")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "is not the one"),
        ("NewConnectionError('...: [Errno -3] Temporary failure in name resolution')", "could not be reached"),
        ("ERROR: No matching distribution found for pyside6-essentials==6.11.3", "has no build for this machine"),
        ("something else\nbroke", "could not install Papermoor's packages:\n  something else\n  broke"),
    ],
)
def test_a_failure_of_pip_is_said_in_a_sentence(output: str, sentence: str) -> None:
    assert sentence in environment.explain_pip(output)


def test_wheels_are_kept_apart_by_processor_and_build_options(
    places: environment.Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = native.wheel_folder(places, "0.3.36")
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_VULKAN=ON")
    assert native.wheel_folder(places, "0.3.36") != plain
    monkeypatch.delenv("CMAKE_ARGS")
    assert native.wheel_folder(places, "0.3.36") == plain
    monkeypatch.setattr(native, "processor", lambda: "another processor")
    assert native.wheel_folder(places, "0.3.36") != plain


def test_a_wheel_in_a_folder_of_the_person_is_found_before_the_kept_one(
    places: environment.Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, linked, kept = tmp_path / "named", tmp_path / "linked", native.wheel_folder(places, "0.3.36")
    for folder in (named, linked, kept):
        folder.mkdir(parents=True)
        (folder / "llama_cpp_python-0.3.36-py3-none-any.whl").touch()
        (folder / "llama_cpp_python-0.3.35-py3-none-any.whl").touch()
    monkeypatch.setenv("PAPERMOOR_WHEELS", str(named))
    monkeypatch.setenv("PIP_FIND_LINKS", f"{linked} https://wheels.example/simple")
    here = environment.Places(places.root, Path(sys.prefix), places.cache)
    found = list(native.kept_wheels(here, "0.3.36", with_foreign=True))
    assert [wheel.parent for wheel in found if wheel.is_relative_to(tmp_path)] == [named, linked, kept]
    assert all("0.3.36" in wheel.name for wheel in found)
    assert [wheel.parent for wheel in native.kept_wheels(here, "0.3.36", with_foreign=False)] == [kept]


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59.9, "59 s"), (200, "3 min 20 s")])
def test_time_is_said_plainly(seconds: float, words: str) -> None:
    assert elapsed(seconds) == words
