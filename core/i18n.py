"""The person's language: gettext catalogues beside this file, with English as the source."""

from __future__ import annotations

import gettext as _gettext
import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from core.text.printable import printable_line
from models.faults import N_, Fault

__all__ = ["N_", "current_language", "fault_text", "fault_title", "ngettext", "set_language", "tr"]

LOCALES = Path(__file__).parent / "locales"
LANGUAGES = {"en": "English", "pt_BR": "Português (Brasil)"}


@dataclass(slots=True)
class _Current:
    """The language in use: one for the whole process, set once at its start and when the setting changes."""

    language: str = "en"
    catalogue: _gettext.NullTranslations = field(default_factory=_gettext.NullTranslations)


_current = _Current()


def system_language() -> str:
    """The language this machine is set to, if there is a catalogue for it, else English."""
    name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    name = name or locale.getlocale()[0] or ""
    return "pt_BR" if name.lower().startswith(("pt", "portuguese")) else "en"


def set_language(language: str) -> None:
    """Use `language` ("en", "pt_BR", or "" for the machine's own) from now on; existing texts stay as they are."""
    _current.language = language or system_language()
    _current.catalogue = _gettext.translation("papermoor", LOCALES, [_current.language], fallback=True)


def current_language() -> str:
    """The language that `set_language` chose last, a key of `LANGUAGES`."""
    return _current.language


def tr(template: str, **values: object) -> str:
    """`template` in the person's language, filled with `values`. Control characters in paths are made visible."""
    text = _current.catalogue.gettext(template)
    return text.format(**_shown(values)) if values else text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """The plural form for the number `n`, filled with `n` and `values`."""
    return _current.catalogue.ngettext(one, many, n).format(n=n, **_shown(values))


def _shown(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: printable_line(str(value)) if isinstance(value, PurePath) else value for name, value in values.items()
    }


def fault_title(fault: Fault) -> str:
    return tr(fault.title, **fault.values)


def fault_text(fault: Fault) -> str:
    """The fault's sentences, what happened and what to do, in the person's language."""
    return " ".join(tr(part, **fault.values) for part in (fault.what, fault.todo) if part)
