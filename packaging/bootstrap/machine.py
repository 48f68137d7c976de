"""What this machine must have before Papermoor can be set up, and the sentence for each thing that is missing."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bootstrap.say import Stopped

INSTALL = {
    "debian": "sudo apt-get install",
    "fedora": "sudo dnf install",
    "arch": "sudo pacman -S --needed",
}
COMPILER = {"debian": ("build-essential",), "fedora": ("gcc", "gcc-c++", "make"), "arch": ("base-devel",)}

# library: its package on Debian and Ubuntu, Fedora, Arch. From the NEEDED entries of PySide6 6.11's Qt libraries.
QT_LIBRARIES = {
    "libEGL.so.1": ("libegl1", "libglvnd-egl", "libglvnd"),
    "libGL.so.1": ("libgl1", "libglvnd-glx", "libglvnd"),
    "libX11.so.6": ("libx11-6", "libX11", "libx11"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype", "freetype2"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs", "dbus"),
    "libbrotlidec.so.1": ("libbrotli1", "libbrotli", "brotli"),
    "libzstd.so.1": ("libzstd1", "libzstd", "zstd"),
}
X11_LIBRARIES = {
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb", "libx11"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util", "xcb-util"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb", "libxcb"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb", "libxcb"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb", "libxcb"),
}
WAYLAND_LIBRARIES = ("libwayland-client.so.0", "libwayland-cursor.so.0", "libwayland-egl.so.1")
FAMILIES = ("debian", "fedora", "arch")


def linux_family(os_release: Mapping[str, str] | None = None) -> str:
    """ "debian", "fedora" or "arch", whichever this Linux says that it is or comes from; "" for another one."""
    if os_release is None:
        try:
            os_release = platform.freedesktop_os_release()
        except OSError:
            return ""
    names = [os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()]
    known = {"ubuntu": "debian", "rhel": "fedora", "centos": "fedora", **{family: family for family in FAMILIES}}
    return next((known[name] for name in names if name in known), "")


def install_hint(family: str, packages: Mapping[str, Sequence[str]]) -> str:
    """The command that installs `packages`; for an unknown family, what they are called on the three known ones."""
    if family in packages:
        return f"install it with: {INSTALL[family]} {' '.join(packages[family])}"
    named = "; ".join(f"{name.capitalize()}: {' '.join(packages[name])}" for name in FAMILIES)
    return f"install it with your package manager ({named})"


def check_venv() -> None:
    """Debian and Ubuntu split `venv` off Python."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    packages = {"debian": (f"python{version}-venv",), "fedora": ("python3",), "arch": ("python",)}
    raise Stopped(f"Python's venv module is missing: {install_hint(linux_family(), packages)}")


def check_compiler(environment: Mapping[str, str] = os.environ) -> None:
    """llama.cpp is built from its sources, which takes a C and a C++ compiler."""
    if sys.platform == "win32":
        if not _visual_studio(environment):
            raise Stopped(
                "A C++ compiler is missing: install “Build Tools for Visual Studio 2022” from Microsoft with the "
                "workload “Desktop development with C++”, then run this command again."
            )
        return
    c = environment.get("CC", "").split()[:1] or ["cc", "gcc", "clang"]
    cxx = environment.get("CXX", "").split()[:1] or ["c++", "g++", "clang++"]
    found = any(map(shutil.which, c)) and any(map(shutil.which, cxx))
    if sys.platform == "darwin":
        # /usr/bin/cc is always there; without the command line tools it only opens a dialog.
        found = found and _succeeds(["xcode-select", "-p"])
    if found:
        return
    if sys.platform == "darwin":
        raise Stopped("A C++ compiler is missing: install Apple's command line tools with: xcode-select --install")
    raise Stopped(f"A C and C++ compiler is missing: {install_hint(linux_family(), COMPILER)}")


def _visual_studio(environment: Mapping[str, str]) -> bool:
    if shutil.which("cl"):
        return True
    programs = environment.get("ProgramFiles(x86)", r"C:\Program Files (x86)")
    vswhere = Path(programs, "Microsoft Visual Studio", "Installer", "vswhere.exe")
    tools = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
    arguments = [str(vswhere), "-latest", "-products", "*", "-requires", tools, "-property", "installationPath"]
    return vswhere.exists() and _succeeds(arguments, with_output=True)


def _succeeds(command: Sequence[str], *, with_output: bool = False) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and (bool(done.stdout.strip()) or not with_output)


def loads(library: str) -> bool:
    """Whether the dynamic linker finds `library`, asked of the linker itself."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a window could be shown; Qt's own choice of platform (QT_QPA_PLATFORM) counts as one."""
    if not sys.platform.startswith("linux"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def missing_qt_libraries(
    environment: Mapping[str, str] = os.environ, loads: Callable[[str], bool] = loads
) -> tuple[str, ...]:
    """The system libraries that Qt needs for a window here and does not find; X11's only where Wayland is no choice."""
    wanted = list(QT_LIBRARIES)
    platform_name = environment.get("QT_QPA_PLATFORM", "")
    wayland = environment.get("WAYLAND_DISPLAY") and all(map(loads, WAYLAND_LIBRARIES))
    if platform_name.startswith("xcb") or not (platform_name or wayland):
        wanted += X11_LIBRARIES
    return tuple(library for library in wanted if not loads(library))


def packages_of(libraries: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The packages that carry `libraries`, for each family of distributions, each once, in a stable order."""
    rows = [(QT_LIBRARIES | X11_LIBRARIES)[library] for library in libraries]
    return {family: tuple(dict.fromkeys(row[column] for row in rows)) for column, family in enumerate(FAMILIES)}


def check_qt_libraries(environment: Mapping[str, str] = os.environ) -> None:
    """Qt's own libraries come with PySide6; those of the desktop come with the system."""
    if not sys.platform.startswith("linux"):
        return
    missing = missing_qt_libraries(environment)
    if missing:
        hint = install_hint(linux_family(), packages_of(missing)).replace("install it", "install them", 1)
        raise Stopped(f"Qt needs system libraries that are missing here ({', '.join(missing)}): {hint}")
