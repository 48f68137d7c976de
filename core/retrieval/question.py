"""A question as search terms: which of them carry its content, which name something."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.retrieval.analysis import terms

_STOP_WORDS = """
a an the and or but if then of to in on at by for from with without as is are was were be been being am do does did
doing done have has had having it its this that these those i you he she we they me him her us them my your his our
their what which who whom whose when where why how can could should would may might must will shall not no nor so than
too very there here about into over under out up down off again also any all each some such only own same both between
during before after above below more most other just don t s ll re ve d m
der das und ist sind wie wo wer welche welcher welches wird wurde wurden ein eine einer eines einem einen den dem des im
zu zum zur mit von vom bei nach auf nicht auch oder
le la les des du une est sont qui que quel quelle quels quelles dans pour avec sur par et au aux ce cette ces
el los las un una unos unas y en del al es son que como cual cuales cuando donde quien por para con se su sus
il lo gli uno che chi di da nel nella della delle dei per con sono come quale quando dove
o os as um uma e em do da dos das no na nos nas que quem qual quais quando onde como por para com se seu sua
""".split()
STOP_TERMS = frozenset(term for word in _STOP_WORDS for term in terms(word))

_WORD = re.compile(r"[^\W_][\w\-.’']*")


@dataclass(frozen=True, slots=True)
class Question:
    """`content`: the terms to search with, each once. `names`: those of them that stand for a particular thing: written
    with a capital or a digit. What a document is about is told by its names."""

    text: str
    content: tuple[str, ...]
    names: frozenset[str]


def read_question(text: str) -> Question:
    """Words that only hold a sentence together are left out, unless there are no others."""
    found = tuple(dict.fromkeys(terms(text)))
    content = tuple(term for term in found if term not in STOP_TERMS) or found
    named = (word for word in _WORD.findall(text) if word[0].isupper() or any(c.isdigit() for c in word))
    return Question(text, content, frozenset(term for word in named for term in terms(word)))
