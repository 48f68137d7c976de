"""The version of Papermoor that is running."""

from __future__ import annotations


def version() -> str:
    """The version that is installed, or from a source tree the one in its pyproject.toml; "?" if neither is known."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("papermoor")
    except PackageNotFoundError:
        return _declared()


def _declared() -> str:
    import tomllib
    from pathlib import Path

    try:
        text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text)["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "?"
