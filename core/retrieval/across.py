"""Tells whether a question asks across documents ("which contracts mention …", "compare the reports of 2021 and 2022").

Only words that name documents as a kind count, in the plural or after "every"; those that often mean something else
(statements, notes, articles) do not: spreading the passages over documents costs a question that one document answers.
"Documents" and "files" after "which" need a verb of saying too, since "which documents do I need?" asks one document.
The words are those of `[documents]` in core/text/lexicons/.
"""

from __future__ import annotations

import re
from functools import cache

from core.domain.file_formats import SUFFIXES
from core.text import lexicon

_NAME = re.compile(r"[\w.()-]+")
_POSSESSIVE = r"[\w&.-]+['’]s?"
_WORDS_BETWEEN = r"(?:[\w-]+ ){0,2}?"
_COMPARED_WITHIN = 40  # characters


def asks_across(question: str) -> bool:
    """Whether `question` is about documents as a kind, or names two files or more."""
    names = {name.rstrip(".").casefold() for name in _NAME.findall(question)}
    files = [name for name in names if "." in name and f".{name.rpartition('.')[2]}" in SUFFIXES]
    return len(files) > 1 or _across().search(" ".join(question.split())) is not None


@cache
def _across() -> re.Pattern[str]:
    """One pattern of all ways to ask, for a question with single spaces."""
    general, kinds = _any("general"), _any("kinds", "kind_phrases")
    plural, singular = f"(?:{general}|{kinds})", _any("singular")
    which = f"{_any('which')} (?:{_any('of_them')} )?"
    their = f"(?:{_any('their')}|{_POSSESSIVE})"
    ways = (
        f"{which}(?:[\\w-]+ )?{kinds}",
        f"{_any('in_which')} {which}{general}",
        f"{which}{general} (?:{_any('say_after')} )?{_any('say')}",
        f"{_any('all', 'both')} (?:of )?(?:{their} )?{_WORDS_BETWEEN}{plural}",
        f"{_any('every')} (?:of {their} |{_any('every_of')} )?{_WORDS_BETWEEN}(?:{singular}|{plural})",
        f"{_any('within')} {their} {_WORDS_BETWEEN}{plural}",
        f"{_any('within_their')} {_WORDS_BETWEEN}{plural}",
        f"{_any('compare')} .{{0,{_COMPARED_WITHIN}}}?{plural}",
    )
    return re.compile("|".join(ways), re.IGNORECASE)


def _any(*names: str) -> str:
    return lexicon.alternation(*(f"documents.{name}" for name in names))
