"""Faults a person can meet: each says what happened and what to do next, as translatable templates."""

from __future__ import annotations


def N_(template: str) -> str:
    """Mark `template` for the translation catalogue; it is translated where it is shown, not here."""
    return template


class Fault(Exception):
    """An expected fault. `title`, `what` and `todo` are English templates marked with `N_`; `values` fill them.

    Anything raised that is neither a `Fault` nor `Cancelled` is a bug: it is logged and reported, never shown raw.
    """

    def __init__(self, title: str, what: str, todo: str = "", **values: object) -> None:
        super().__init__(what.format(**values))
        self.title = title
        self.what = what
        self.todo = todo
        self.values = values

    def __str__(self) -> str:
        """What happened and what to do, in English; `core.i18n.fault_text` gives it in the person's language."""
        return " ".join(part.format(**self.values) for part in (self.what, self.todo) if part)


class ModelFault(Fault):
    """A model file cannot be used: absent, damaged, of a wrong kind, or too large for this machine."""


class DownloadFault(Fault):
    """A download did not finish; what arrived is kept and resumed the next time."""


class Cancelled(Exception):
    """The person stopped the work. Whoever raises it leaves storage consistent."""
