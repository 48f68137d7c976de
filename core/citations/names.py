"""Whether the names of a sentence stand in the passage: words with capitals, also where they open the sentence, and in
scripts without capitals the characters that stand in the place of others."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from core.citations.cjk_substitution import KATAKANA, is_exchanged
from core.text.language import function_words
from core.text.months import month_names, plain_letters
from core.text.normalization import COMMON, LATIN_RUN, REMEMBERED, UNSPACED, WORD, Words, flat, words_of

_DATE = re.compile(r"\b(\d{1,4})[-/.年]\s?(\d{1,2})(?:[-/.月]\s?(\d{1,4}))")
# Endings in which a name and the same name elsewhere may differ: plural, genitive, and German cases.
_ENDINGS = ("s", "es", "e", "n", "en", "er", "em", "’s", "'s")
# Words with which people and models open a sentence that says what a passage says in other words. Not names.
_OPENING_WORDS = """
additionally after afterwards again although among another anyone around based because before both buyers clients
companies customers despite due during each earlier either employees even every everyone finally first following
furthermore generally given here hence however including indeed initially instead its last lastly later less like many
meanwhile members moreover most much nevertheless next none nonetheless note notably now often once others otherwise
overall people previously rather readers researchers second secondly several similarly since sometimes specifically
still subsequently such taken therefore third though through throughout thus today together total two typically unless
unlike until users usually various via whenever whereas wherever whether within without yes yet
aber außerdem bei beide bereits bis da dabei dadurch daher damit danach dann darüber denn deshalb dies diese dieser
dieses doch dort ebenso erst falls ferner hier hierbei ja jede jeder jedes jedoch laut mehrere nach nachdem neben nein
nun nur obwohl ohne schließlich seit sie sobald somit sowohl später trotz viele vor während wegen weitere wenn zuerst
zudem zunächst zwar zwischen
além ainda algumas alguns antes após assim atualmente cada conforme contudo depois desde deste durante embora então
entre essa esse esta este isso isto logo mais mas mesmo muitas muitos neste nesse no nos outra outro outros pessoas
porém portanto quando segundo sem sendo sim sobre também todas todo todos usuários vários
además ahora algunas algunos antes así aunque cada después donde durante ella ellas ellos entonces entre esta este
esto hay luego más mientras muchas muchos otra otro otros personas pero posteriormente según si sin sobre sí también
tanto todas todo todos tras usuarios varias varios
ainsi alors après aussi aujourd'hui aucun avant avec beaucoup car ce cela certains cette ceux chaque chez comme comment
contre depuis deux donc ensuite entre entretemps et il ils elle elles lors lorsque mais malgré même néanmoins on or oui
outre parmi pendant plus plusieurs pourtant puis quand sans selon seul si sous tous toutefois tout toute toutes
inoltre dopo durante infine invece molti ogni però poi prima quando questa questo secondo senza tra tutti
"""
_OPENERS = frozenset(word for word in flat(_OPENING_WORDS).split())
_FOLLOWING = 4  # words after a name by which its place in the passage is known
_NUMBERED = re.compile(r"([A-Za-z]+)[-\u2010\u2011](\d+)(?![\w-])")
_APART = re.compile(r"([A-Za-z]+)[ \u00a0]?(\d+)(?![\w])")


def names_stand_in(claim: str, passage: str) -> bool:
    """Whether the passage has every name of `claim`, as far as a name can be told from another word."""
    words = words_of(flat(passage))
    if not all(_is_named(name, words, passage) for name in _names(claim)):
        return False
    joined = {name.lower() + number for name, number in _NUMBERED.findall(claim)}
    if joined and joined - _numbered(passage):
        return False
    return not _opens_with_another(claim, passage, words) and not is_exchanged(claim, passage)


@lru_cache(REMEMBERED)
def _numbered(text: str) -> frozenset[str]:
    """Names with a number behind them, however they are joined in a passage: "GPT-4", "rrf 3", "A320"."""
    return frozenset(name.lower() + number for name, number in _NUMBERED.findall(text)) | frozenset(
        name.lower() + number for name, number in _APART.findall(text)
    )


def _names(claim: str) -> list[str]:
    """Folded words that look like names: capitalised inside the sentence, or with capitals or digits within."""
    names = []
    for match in WORD.finditer(claim):
        word = match.group()
        if UNSPACED.search(word):
            names += [flat(run) for run in LATIN_RUN.findall(word) if not run.islower()]
            continue
        first = not claim[: match.start()].strip(" \"'“‘(*_-")
        inner = any(c.isupper() for c in word[1:]) or (
            any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
        )
        if inner or (word[0].isupper() and not first and len(word) > 1):
            folded = flat(word)
            if folded not in COMMON:
                names.append(folded)
    return [*names, *KATAKANA.findall(claim)]


def _is_named(name: str, words: Words, passage: str) -> bool:
    """Whether the passage has this name: written the same, but for an ending. A month may stand in a date of digits."""
    if KATAKANA.match(name):
        return name in passage
    if (number := month_names().get(plain_letters(name))) and _has_month(number, words, passage):
        return True
    forms = {name, *(name + ending for ending in _ENDINGS)}
    forms |= {name.removesuffix(ending) for ending in _ENDINGS if len(name) - len(ending) >= 3}
    return not forms.isdisjoint(words.plain) or (len(name) > 3 and name in words.flat and "-" in words.flat)


def _has_month(number: int, words: Words, passage: str) -> bool:
    """In words of any language we know, or in a date such as 2022-05-03, 03.05.2022, 5/3/22."""
    if any(month == number and name in words.plain for name, month in month_names().items()):
        return True
    return any(number in map(int, filter(None, date)) for date in _DATE.findall(passage))


def _opens_with_another(claim: str, passage: str, words: Words) -> bool:
    """Whether `claim` begins with a name that the passage does not have: before another name or an "'s", or where the
    passage has another name before the same words."""
    tokens = [match.group() for match in WORD.finditer(claim[:400])]
    if len(tokens) < 2 or UNSPACED.search(claim[:40]) or not tokens[0][0].isupper() or len(tokens[0]) < 2:
        return False
    first = flat(tokens[0])
    if first in COMMON or first in _OPENERS or first in _holding_words() or _is_named(first, words, passage):
        return False
    if tokens[0].endswith(("'s", "’s")):
        return True
    said = frozenset(flat(claim).split())
    following = [flat(token) for token in tokens[1 : 1 + _FOLLOWING]]
    return any(
        name not in said and sum(word in after for word in following) >= min(3, len(following))
        for name, after in _names_with_what_follows(passage)
    )


@lru_cache(REMEMBERED)
def _names_with_what_follows(passage: str) -> tuple[tuple[str, frozenset[str]], ...]:
    tokens = [match.group() for match in WORD.finditer(passage)]
    folded = [flat(token) for token in tokens]
    return tuple(
        (folded[at], frozenset(folded[at + 1 : at + 3 + _FOLLOWING]))
        for at, token in enumerate(tokens)
        if token[0].isupper() and len(token) > 1 and folded[at] not in COMMON and folded[at] not in _OPENERS
    )


@cache
def _holding_words() -> frozenset[str]:
    return frozenset(map(flat, function_words()))
