"""The person's language: gettext catalogues beside this file, English as the source text."""

from __future__ import annotations

import gettext as _gettext
import locale
import os
from pathlib import Path

from models.faults import N_, Fault

__all__ = ["N_", "current_language", "fault_text", "fault_title", "ngettext", "set_language", "tr"]

LOCALES = Path(__file__).parent / "locales"
LANGUAGES = {"en": "English", "pt_BR": "Português (Brasil)"}
_catalogue: list[_gettext.NullTranslations] = [_gettext.NullTranslations()]
_language = ["en"]


def system_language() -> str:
    """The language this machine is set to, if there is a catalogue for it, else English."""
    name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    name = name or locale.getlocale()[0] or ""
    return "pt_BR" if name.lower().startswith(("pt", "portuguese")) else "en"


def set_language(language: str) -> None:
    """Use `language` ("en", "pt_BR", or "" for the machine's own) from here on; texts already made stay as they are."""
    wanted = language or system_language()
    _language[0] = wanted
    _catalogue[0] = _gettext.translation("papermoor", LOCALES, [wanted], fallback=True)


def current_language() -> str:
    """The language that `set_language` chose last, a key of `LANGUAGES`."""
    return _language[0]


def tr(template: str, **values: object) -> str:
    """`template` in the person's language, filled with `values`."""
    text = _catalogue[0].gettext(template)
    return text.format(**values) if values else text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """The form of the text that fits the number `n`, filled with `n` and `values`."""
    return _catalogue[0].ngettext(one, many, n).format(n=n, **values)


def fault_title(fault: Fault) -> str:
    return tr(fault.title, **fault.values)


def fault_text(fault: Fault) -> str:
    """What happened and what to do, in the person's language."""
    return " ".join(tr(part, **fault.values) for part in (fault.what, fault.todo) if part)
