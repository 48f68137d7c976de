"""Whether a passage supports a sentence: exact words, numbers, names and content words, compared without a model."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from core.chat.sentences import sentence_spans
from core.retrieval.language import is_english, is_latin
from core.values import Support

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_DATE = re.compile(r"\b(\d{1,4})[-/.年]\s?(\d{1,2})(?:[-/.月]\s?(\d{1,4}))")
_NUMBER = re.compile(r"\d+(?:[.,:/ \u00a0\u202f]\d+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_MONTH_NAMES = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sep oct nov dec
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
januar februar märz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
"""
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
# Endings in which a name and the same name elsewhere may differ: plural, genitive, and German cases.
_NAME_ENDINGS = ("s", "es", "e", "n", "en", "er", "em", "’s", "'s")

# Words too common to support anything: they are left out when a sentence's words are looked for in a passage.
_COMMON_WORDS = """
a about according all also an and any are as at be because been but by can could did do does for from had has have he
her his how i if in into is it its may more most must no not of on one only or other our out over passage passages
document documents says shall she should so some states such than that the their them then there these they this those
to under up was we were what when where which while who will with would you your
o os as um uma de do da dos das em no na nos nas por para com que e ou se é são foi ao à
el la los las un una y en del al por con es son der die das und ist sind ein eine den dem des zu im von mit
le les des et est sont une du au aux dans sur pour par
"""
_COMMON = frozenset(_COMMON_WORDS.split())

SUPPORTED_SHARE = 0.6  # of a sentence's content words found in the passage; set on the labelled set of tests/bench
WEAK_SHARE = 0.34
NUMBER_SHARE = 0.34  # of the words around a number, found around it in the passage
NEAR_WORDS = 6
REMEMBERED = 512  # texts, taken apart once for the many sentences and values that are compared with them
LANGUAGE_WORDS = 4  # from which a language can be told
SHORT_SENTENCE = 60  # characters; what a line of a table or a figure alone is about stands before it


def support(claim: str, passage: str) -> Support:
    """How well `passage` supports `claim`: exact words first, then numbers, names and content words.

    A number or a name in the claim that the passage does not have makes it at most WEAK and, with it missing, the
    claim is what a careful reader would doubt; so one missing number or name is NOT_FOUND unless nothing else differs.
    Words of another language than the passage's cannot be compared: UNCHECKED, if its numbers and names are there.
    """
    flat_claim, flat_passage = _flat(claim), _flat(passage)
    if flat_claim and _stands_in(flat_claim, flat_passage):
        return Support.SUPPORTED
    if _numbers_in(claim) - _numbers_in(passage):
        return Support.NOT_FOUND
    passage_words = _stems(flat_passage)
    if any(not _is_named(name, passage_words, passage) for name in _names(claim)):
        return Support.NOT_FOUND
    content = _content(flat_claim)
    if not content:
        return Support.SUPPORTED if _numbers_in(claim) else Support.WEAK
    share = sum(_contains(passage_words, word) for word in content) / len(content)
    if share >= SUPPORTED_SHARE:
        return Support.SUPPORTED if _numbers_belong(claim, passage) else Support.WEAK
    if share >= WEAK_SHARE:
        return Support.WEAK
    return Support.UNCHECKED if _are_foreign(claim, passage) else Support.NOT_FOUND


def _numbers_belong(claim: str, passage: str) -> bool:
    """Whether each number of `claim` stands in a sentence of the passage that speaks of what the claim's words around
    that number do: a number taken from another sentence is not what this one says."""
    sentences = [passage[start:end] for start, end in sentence_spans(passage)]
    around = [
        before + " " + sentence if len(sentence) < SHORT_SENTENCE else sentence
        for before, sentence in pairwise(["", *sentences])
    ]
    known = [(_numbers_in(sentence), _stems(_flat(text))) for sentence, text in zip(sentences, around, strict=True)]
    for match in _NUMBER.finditer(unicodedata.normalize("NFKC", claim)):
        numbers = _numbers_in(match.group())
        words = _content(_flat(_near(claim, match.start(), match.end())))
        if not words:
            continue
        shares = [
            sum(_contains(stems, word) for word in words) / len(words) for held, stems in known if numbers <= held
        ]
        if shares and max(shares) < NUMBER_SHARE:
            return False
    return True


def _near(claim: str, start: int, end: int) -> str:
    """The words of `claim` on both sides of a number."""
    before, after = claim[:start].split(), claim[end:].split()
    return " ".join([*before[-NEAR_WORDS:], *after[:NEAR_WORDS]])


def best_span(claim: str, passage: str) -> tuple[int, int]:
    """Offsets in `passage` of the sentence that shares most with `claim`."""
    words = set(_content(_flat(claim))) | _numbers_in(claim)
    best, best_score = (0, len(passage)), 0.0
    for start, end in sentence_spans(passage):
        sentence = passage[start:end]
        stems = _stems(_flat(sentence))
        hits = sum(1 for word in words if _contains(stems, word) or word in _numbers_in(sentence))
        score = hits - 0.002 * len(sentence)  # of two that share as much, the shorter
        if hits and score > best_score:
            best, best_score = (start, end), score
    return best


def _are_foreign(claim: str, passage: str) -> bool:
    """Whether the two are in different languages, as far as one can tell."""
    if is_latin(claim) != is_latin(passage):
        return True
    return len(claim.split()) >= LANGUAGE_WORDS and is_english(claim) != is_english(passage)


def _stands_in(claim: str, passage: str) -> bool:
    """Whether the words of `claim` stand in `passage` as they are: "sales of 7" does not stand in "sales of 7.5"."""
    at = passage.find(claim)
    while at >= 0:
        before, after = passage[max(0, at - 1) : at], passage[at + len(claim) :][:2]
        inner = after[:1].isalnum() or (after[:1] in (".", ",") and after[1:].isdigit())
        if (not before.isalnum() or _CJK.match(claim)) and (not inner or _CJK.match(claim[-1])):
            return True
        at = passage.find(claim, at + 1)
    return False


@lru_cache(REMEMBERED)
def _flat(text: str) -> str:
    """Folded for comparison: compatibility forms, case, accents, dashes, quotes and white space made one."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c) or not c.isascii() and _keeps_marks(c))
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = re.sub(r"[*`~]", "", text).replace("_", " ")  # snake_case falls into its words, on both sides
    return " ".join(text.split()).strip(" .,:;!?")


def _keeps_marks(mark: str) -> bool:
    return ord(mark) > 0x0370  # marks of Indic, Thai, Arabic… are letters; Latin accents lie below


def _content(flat: str) -> list[str]:
    """Content words: no common words, no numbers (checked on their own); CJK and Thai runs as bigrams."""
    words: list[str] = []
    for word in _WORD.findall(flat):
        if _CJK.search(word):
            words.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        elif word not in _COMMON and not word[0].isdigit() and len(word) > 1:
            words.append(_stem(word))
    return words


def _stem(word: str) -> str:
    """The word less a common ending; only equality of stems matters, so a crude cut is enough."""
    for ending in (
        "ations",
        "ation",
        "ments",
        "ment",
        "ings",
        "ing",
        "ers",
        "ies",
        "ed",
        "es",
        "ly",
        "er",
        "s",
        "y",
        "e",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@dataclass(frozen=True, slots=True)
class _Words:
    stems: frozenset[str]
    plain: frozenset[str]
    flat: str


@lru_cache(REMEMBERED)
def _stems(flat: str) -> _Words:
    plain = frozenset(_WORD.findall(flat))
    return _Words(frozenset(map(_stem, plain)), plain, flat)


def _contains(words: _Words, word: str) -> bool:
    return word in words.stems or _stem(word) in words.stems or (bool(_CJK.search(word)) and word in words.flat)


@lru_cache(REMEMBERED)
def _numbers_in(text: str) -> frozenset[str]:
    """The numbers of `text` without grouping: "1,874" and "1 874" and "1874" agree, "12.50" and "12.5" too."""
    text = unicodedata.normalize("NFKC", text)
    found = set()
    for number in _NUMBER.findall(text):
        plain = re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}(?:\D|$))", "", number)
        if plain.count(".") > 1:  # a date, or thousands
            plain = plain.replace(".", "" if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", plain) else " ")
        for part in re.split(r"[,:/ \u00a0\u202f]", plain):
            found.add(part.rstrip("0").rstrip(".") if "." in part else part.lstrip("0") or "0")
    return frozenset(found)


def _names(claim: str) -> list[str]:
    """Folded words that look like names: capitalised inside the sentence, or with capitals or digits within."""
    names = []
    for match in _WORD.finditer(claim):
        word = match.group()
        if _CJK.search(word):  # scripts without capitals: their names are checked as content words
            continue
        first = not claim[: match.start()].strip(" \"'“‘(*_-")
        inner = any(c.isupper() for c in word[1:]) or (
            any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
        )
        if inner or (word[0].isupper() and not first and len(word) > 1):
            folded = _flat(word)
            if folded not in _COMMON:
                names.append(folded)
    return [*names, *_KATAKANA.findall(claim)]


def _is_named(name: str, words: _Words, passage: str) -> bool:
    """Whether the passage has this name: written the same, but for an ending. A month may stand in a date of digits."""
    if _KATAKANA.match(name):
        return name in passage
    if (number := _months().get(name)) and _has_month(number, words, passage):
        return True
    forms = {name, *(name + ending for ending in _NAME_ENDINGS)}
    forms |= {name.removesuffix(ending) for ending in _NAME_ENDINGS if len(name) - len(ending) >= 3}
    return not forms.isdisjoint(words.plain) or (len(name) > 3 and name in words.flat and "-" in words.flat)


@cache
def _months() -> dict[str, int]:
    return {_flat(name): n % 12 + 1 for line in _MONTH_NAMES.split("\n") for n, name in enumerate(line.split())}


def _has_month(number: int, words: _Words, passage: str) -> bool:
    """In words of any of these languages, or in a date such as 2022-05-03, 03.05.2022, 5/3/22."""
    if any(month == number and name in words.plain for name, month in _months().items()):
        return True
    return any(number in map(int, date) for date in _DATE.findall(passage))
