"""Signals that a question follows the one before it: how it opens, how it ends, what its pronouns point back to.

The words are those of `[followup]` in core/text/lexicons/, of all languages at once: a follow-up is often too short to
tell its language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from core.text import lexicon
from core.text.language import function_words
from core.text.scripts import SIGNS, UNSPACED

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_JOINTS = "-’'"
CONTENT_BEFORE = 3
"""Content words before a pronoun from which they, not the question before, are what it points to."""
UNSPACED_BEFORE = 7
"""The same in characters, for scripts without spaces."""
SHORT_UNSPACED = 4
"""Characters up to which a question without spaces has no content of its own."""
LONGEST_FOLLOW_UP = 2000
"""Characters; a longer question stands on its own, whatever its pronouns."""
SHORT_TOPIC = 12
"""Characters of a Japanese topic that is a whole question: "東京は？"."""


@dataclass(frozen=True, slots=True)
class FollowUpSignals:
    """How a question follows another: `joined` by how it opens or ends, `pointing` back with a pronoun, `bare` of
    content of its own. True if any holds."""

    joined: bool
    pointing: bool
    bare: bool

    def __bool__(self) -> bool:
        return self.joined or self.pointing or self.bare


def follow_up_signals(question: str) -> FollowUpSignals:
    """The signals of `question`, which stands on its own if there are none."""
    question = question.strip()
    if len(question) > LONGEST_FOLLOW_UP:
        return FollowUpSignals(joined=False, pointing=False, bare=False)
    joined = any(pattern.search(question) for pattern in (_opening(), _ending(), _short_topic()))
    return FollowUpSignals(joined, _points_back(question), _is_bare(question))


def question_content_words(text: str) -> list[str]:
    """The words of `text` that ask for something, as written: no function words, nothing like "please" or "explain"."""
    return [word for word in _WORD.findall(text) if word.casefold() not in _fillers()]


@cache
def _fillers() -> frozenset[str]:
    return frozenset((*function_words(), *lexicon.words("words.filler")))


def _points_back(question: str) -> bool:
    """Whether a pronoun stands for something that this question does not name before it."""
    empty = [match.span() for match in _empty_pointer().finditer(question)]
    for pattern in (_pointer(), _unspaced_pointer()):
        for match in pattern.finditer(question):
            if not any(start <= match.start() < end for start, end in empty):
                return not _names_something(question[: match.start()])
    return False


def _names_something(before: str) -> bool:
    if UNSPACED.search(before):
        return len(before.strip()) >= UNSPACED_BEFORE
    words = _WORD.findall(before)
    named = any((word[0].isupper() and i > 0) or any(map(str.isdigit, word)) for i, word in enumerate(words))
    return named or len(question_content_words(before)) >= CONTENT_BEFORE


def _is_bare(question: str) -> bool:
    if UNSPACED.search(question):
        return len(re.sub(r"\W", "", question)) <= SHORT_UNSPACED
    words, content = _WORD.findall(question), question_content_words(question)
    return not content or (len(content) == 1 and len(words) <= 2)


def _is_unspaced(phrase: str) -> bool:
    return UNSPACED.search(phrase) is not None


@cache
def _opening() -> re.Pattern[str]:
    """Words at the very beginning that join a question to the one before."""
    phrases = lexicon.words("followup.openings")
    spaced = lexicon.any_of(tuple(phrase for phrase in phrases if not _is_unspaced(phrase)))
    unspaced = "|".join(sorted(map(re.escape, filter(_is_unspaced, phrases)), key=len, reverse=True))
    return re.compile(rf"^[¿¡\"'“«(\s]*{spaced}(?=[\s,?؟…]|$)|^(?:{unspaced})", re.IGNORECASE)


@cache
def _ending() -> re.Pattern[str]:
    endings = "|".join(map(re.escape, lexicon.words("followup.endings")))
    return re.compile(rf"(?<=.)(?:{endings})\s*[?？]*$")


@cache
def _short_topic() -> re.Pattern[str]:
    return re.compile(rf"^.{{1,{SHORT_TOPIC}}}(?:{'|'.join(lexicon.words('followup.short_topic'))})[?？]$")


@cache
def _pointer() -> re.Pattern[str]:
    """A word that stands for something named before, in scripts with spaces."""
    plain = tuple(phrase for phrase in lexicon.words("followup.pointers") if not _is_unspaced(phrase))
    parts = [lexicon.any_of(plain, _JOINTS)]
    parts += [rf"{lexicon.alternation('followup.final_pointers')}(?=\s*(?:$|[?,.;]))"]
    for word, answer in _rules("followup.pointers_unless"):
        parts.append(rf"{lexicon.any_of((word,), _JOINTS)}(?!.*(?<![\w{SIGNS}]){answer})")
    for before, words in _rules("followup.pointers_not_after"):
        ahead = "".join(f"(?<!{word} )" for word in before.split())
        parts.append(f"{ahead}{lexicon.any_of(tuple(words.split()), _JOINTS)}")
    return re.compile("|".join(parts), re.IGNORECASE)


@cache
def _unspaced_pointer() -> re.Pattern[str]:
    plain = filter(_is_unspaced, lexicon.words("followup.pointers"))
    parts = sorted(map(re.escape, plain), key=len, reverse=True)
    for before, word, after in _rules("followup.pointers_not_within"):
        ahead = "".join(f"(?<!{part})" for part in before.split())
        parts.append(f"{ahead}{word}" + "".join(f"(?!{part})" for part in after.split()))
    return re.compile("|".join(parts))


@cache
def _empty_pointer() -> re.Pattern[str]:
    """An "it" that stands for nothing: "is it possible to …", "how long does it take to …"."""
    return re.compile(lexicon.alternation("followup.empty_pointers"), re.IGNORECASE)


def _rules(key: str) -> tuple[tuple[str, ...], ...]:
    """Pointers with the words that keep them from pointing, of all languages."""
    return tuple(tuple(rule) for language in lexicon.languages() for rule in (lexicon.entry(key, language) or ()))
