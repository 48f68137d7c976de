"""Brings a checkout's virtual environment to what constraints.txt says, doing only what is still to be done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bootstrap.environment import Places, ready


def prepare(root: Path, sections: Sequence[str]) -> Path:
    """Have a virtual environment that holds `sections` of constraints.txt; the path of its Python.

    Takes a few milliseconds once everything is there. Raises `Stopped` where something is missing.
    """
    places = Places.of(root)
    if not ready(places, sections):
        _fill(places, sections)
    return places.python


def _fill(places: Places, sections: Sequence[str]) -> None:
    from bootstrap import environment, native
    from bootstrap.say import ProgressLine

    line = ProgressLine()
    try:
        with environment.alone(places, line):
            environment.make_venv(places, line)
            missing = [section for section in sections if not ready(places, [section])]
            packages = [section for section in missing if section != "native"]
            if "native" in missing:
                native.check(places)
            if packages:
                environment.install(places, packages, line)
            if "native" in missing:
                native.install(places, line)
            line.finish("Papermoor is set up.")
    finally:
        line.close()
