"""Errors that are shown to people: each says what happened and what to do next, as translatable templates."""

from __future__ import annotations


def N_(template: str) -> str:
    """Mark `template` for translation and return it unchanged: it is translated where it is shown."""
    return template


class Fault(Exception):
    """An expected error. `title`, `what` (what happened) and `todo` (what to do) are English templates marked with
    `N_`; `values` are their fields.

    Any other exception, `Cancelled` aside, is a bug: it is logged and reported, never shown as it is.
    """

    def __init__(self, title: str, what: str, todo: str = "", **values: object) -> None:
        super().__init__(what.format(**values))
        self.title = title
        self.what = what
        self.todo = todo
        self.values = values

    def __str__(self) -> str:
        """What happened and what to do, in English; `core.i18n.fault_text` returns it translated."""
        return " ".join(part.format(**self.values) for part in (self.what, self.todo) if part)


class ModelFault(Fault):
    """A model file cannot be used: missing, damaged, of the wrong kind, or too large for this machine."""


class DownloadFault(Fault):
    """A download failed; the bytes that arrived are kept, and the next attempt resumes after them."""


class Cancelled(Exception):
    """The work was cancelled on request. Code that raises it leaves storage consistent."""
