"""Whether a number of a sentence counts in the passage what it counts in the sentence: the words around it, its unit,
the row and column of a table, compared with those around the passage's other numbers."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, pairwise

from core.text.normalization import DIRECTIONS, NUMBER, UNSPACED, content_words, flat, numbers_in
from core.text.sentences import sentence_spans

SHORT_SENTENCE = 60  # characters; what a line of a table or a figure alone is about stands before it
LEAST_SHARE = 0.34  # of the words around a number, found around it in the passage
MARGIN = 0.05  # by which another number's surroundings must fit better for a number to be out of place
FAR = 14  # words; beyond it how far does not matter
ELSEWHERE = 1000  # stands for the distance to a word of the sentence before a short one
NEAR = 6
FEW = 16  # passages are kept taken apart: a table of 4,000 characters takes some megabytes
MOST_RIVALS = 200  # numbers of a passage that are compared with one
REACH = 40  # words to either side that are looked at: what has no end of a sentence may be long
TELLING = 3  # times what a word tells, another number does: "140 in 2021" is not "140 in 2022"
_JOINING = frozenset("and or while whereas but e ou mas y o u pero und oder aber et mais ed ma ; 和 与 及 并".split())
BESIDE = 0.75  # weight of the very words on both sides, common ones too: "from 3 to 5" is not "from 5 to 3"
_TOKEN = re.compile(rf"{NUMBER.pattern}|[^\W\d_]+(?:['’-][^\W_]+)*|[%€$£¥‰°;]")
_NOTE = re.compile(r"\[\d{1,4}\]")  # of a document's own notes, which count nothing
_CELL = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"^[\s|:-]+$")
_UNITS = """
% percent prozent porcento percento %point
‰ permille
thousand tausend tsd mil mille mila 千
million millions million mio milhao milhoes millon millones millionen milione milioni mn 百万
billion billions bilhao bilhoes milliarde milliarden milliard milliards mrd miliardo miliardi bn
trillion trillions
亿 億
万 萬
day days dia dias tag tage tagen jour jours giorno giorni 日 天
week weeks semana semanas woche wochen semaine semaines settimana settimane 周 週間
month months mes meses monat monate monaten mois mese mesi ヶ月 か月 カ月 个月
year years 年 ano anos jahr jahre jahren an ans anno anni annees 年間
hour hours hora horas stunde stunden heure heures ora ore 小时 時間
minute minutes minuto minutos minuten minuti 分钟 分間
euro euros eur €
dollar dollars usd $
metre metres meter meters metro metros mètre m 米
kilometre kilometres kilometer kilometers km quilometro quilometros 公里
mile miles
kilogram kilograms kg
gram grams g
ton tons tonne tonnes
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a text: its `values`, what stands around it (how many words away), the very word on either side,
    and its `unit` if it is one of a known kind."""

    values: frozenset[str]
    around: Mapping[str, int]
    before: str
    after: str
    unit: int | None

    @property
    def is_year(self) -> bool:
        if self.unit not in (None, _units()["year"]):
            return False
        return all(len(value) == 4 and value.isdigit() and "1500" <= value < "2100" for value in self.values)


def numbers_belong(claim: str, passage: str) -> bool:
    """Whether each number of `claim` stands in the passage among the words that it stands among here, and no other
    number fits there clearly better."""
    known = _known(passage)
    return all(_belongs(figure, known) for figure in figures(claim))


@dataclass(frozen=True, slots=True)
class _Known:
    """A passage's figures, and where among them values and words are. `weights` is what tells numbers apart: a word
    around one of them more than one that is around all."""

    figures: Sequence[Figure]
    by_value: Mapping[str, Sequence[int]]
    by_word: Mapping[str, Sequence[int]]
    weights: Mapping[str, float]

    def nearest(self, figure: Figure) -> list[Figure]:
        """Those around which most of what stands around `figure` stands, the others being no rivals."""
        shared = Counter(n for word in figure.around for n in self.by_word.get(word, ()))
        return [self.figures[n] for n, _ in shared.most_common(MOST_RIVALS)]


@lru_cache(FEW)
def _known(passage: str) -> _Known:
    found = figures(passage)
    by_value: dict[str, list[int]] = {}
    by_word: dict[str, list[int]] = {}
    counts: Counter[str] = Counter()
    for n, figure in enumerate(found):
        for value in figure.values:
            by_value.setdefault(value, []).append(n)
        for word, away in figure.around.items():
            by_word.setdefault(word, []).append(n)
            counts[word] += away < ELSEWHERE
    whole = math.log(1 + len(found)) if found else 1.0
    weights = {word: math.log(1 + len(found) / count) / whole for word, count in counts.items() if count}
    return _Known(found, by_value, by_word, weights)


def _belongs(figure: Figure, known: _Known) -> bool:
    places = known.by_value.get(min(figure.values), ())
    own = [known.figures[n] for n in places if figure.values <= known.figures[n].values]
    if not own or not figure.around:
        return True  # as a word of its own it was found, in a date or a code that is read otherwise
    fitting = [other for other in own if _units_agree(figure, other)]
    if not fitting:
        return False
    if max(_share(figure, other) for other in fitting) < LEAST_SHARE:
        return False
    measure = _Measure.of(figure, known.weights)
    best = max(_fit(figure, measure, other) for other in fitting)
    rest = (other for other in known.nearest(figure) if not figure.values & other.values and _are_alike(figure, other))
    return all(_fit(figure, measure, other) <= best + MARGIN for other in rest)


def _are_alike(figure: Figure, other: Figure) -> bool:
    """A year stands in a number's place only between the same words."""
    same = (figure.before, figure.after) == (other.before, other.after)
    return figure.is_year == other.is_year or (same and bool(figure.before or figure.after))


def _share(figure: Figure, other: Figure) -> float:
    """Of the words near `figure`, how many stand anywhere around `other`."""
    near = [word for word, away in figure.around.items() if away <= NEAR]
    return sum(word in other.around for word in near) / len(near) if near else 1.0


@dataclass(frozen=True, slots=True)
class _Measure:
    """By what other places are measured for a figure: each word around it, how far away, and its weight; near and
    telling ones weigh most."""

    words: Sequence[tuple[str, int, float]]
    whole: float

    @classmethod
    def of(cls, figure: Figure, weights: Mapping[str, float]) -> _Measure:
        words = [
            (word, away, weights.get(word, 1.0) * (TELLING if word[0].isdigit() else 1) / (1 + away / 4))
            for word, away in figure.around.items()
        ]
        beside = BESIDE * (bool(figure.before) + bool(figure.after))
        return cls(words, sum(weight for _, _, weight in words) + beside)


def _fit(figure: Figure, measure: _Measure, other: Figure) -> float:
    """The share of what stands around `figure` that stands around `other`; equal distances count most."""
    if not measure.whole:
        return 0.0
    have = 0.0
    for word, away, weight in measure.words:
        if (found := other.around.get(word)) is not None:
            have += weight * (1 - 0.6 * min(abs(found - away), FAR) / FAR) * (0.3 if found == ELSEWHERE else 1)
    have += BESIDE * (bool(figure.before) and figure.before == other.before)
    have += BESIDE * (bool(figure.after) and figure.after == other.after)
    return have / measure.whole


def _units_agree(figure: Figure, other: Figure) -> bool:
    return figure.unit is None or other.unit is None or figure.unit == other.unit


@lru_cache(FEW)
def figures(text: str) -> tuple[Figure, ...]:
    """The numbers of `text` in their order."""
    found: list[Figure] = []
    header: list[str] = []
    before = ""
    text = _NOTE.sub(" ", unicodedata.normalize("NFKC", text))
    spans = [text[start:end] for start, end in sentence_spans(text)]
    for sentence, following in pairwise([*spans, ""]):
        cells = _cells(sentence)
        if cells is None:
            header = []
            found += _of_sentence(sentence, before if len(sentence) < SHORT_SENTENCE else "")
        elif _RULE.match(sentence):
            continue
        elif not header:
            header = cells
            found += _of_sentence(sentence, before)
        else:
            found += _of_row(cells, header)
        before = sentence if cells is None or following else ""
    return tuple(found)


def _cells(sentence: str) -> list[str] | None:
    if not sentence.lstrip().startswith("|"):
        return None
    return [cell.strip() for cell in _CELL.split(sentence.strip().strip("|"))]


def _of_row(cells: Sequence[str], header: Sequence[str]) -> Iterator[Figure]:
    """A cell's number stands beside the row's first cell and the head of its column; the row's other cells are far."""
    for at, cell in enumerate(cells):
        head = header[at] if at < len(header) else ""
        label = cells[0] if at else ""
        rest = " ".join(other for n, other in enumerate(cells) if n not in (0, at))
        for figure in _of_sentence(cell, ""):
            around = dict(figure.around)
            heads = "" if at else " ".join(header)
            for words, away in ((head, 2), (label, 2), (rest, FAR), (heads, FAR)):
                for word in _words(words):
                    around.setdefault(word, away)
            yield Figure(figure.values, around, figure.before, figure.after, figure.unit)
        yield from _of_head(head, f"{label} {cell}") if at else ()


def _of_head(head: str, row: str) -> Iterator[Figure]:
    """A number in the head of a column stands beside each of its cells: 2021 is the year of the sales below it."""
    for figure in _of_sentence(head, ""):
        around = {**dict.fromkeys(_words(row), 2), **figure.around}
        yield Figure(figure.values, around, figure.before, figure.after, figure.unit)


def _words(text: str) -> list[str]:
    return [*content_words(flat(text)), *numbers_in(text)]


def _of_sentence(sentence: str, before: str) -> Iterator[Figure]:
    found = list(_tokens(sentence))
    tokens, ends = [(token, words) for token, words, _ in found], [end for _, _, end in found]
    joined = list(accumulate(token in _JOINING for token, _ in tokens))
    ahead = dict.fromkeys(_words(before), ELSEWHERE)
    for at, (token, words) in enumerate(tokens):
        if not token[0].isdigit():
            continue
        around = dict(ahead)
        for other in range(max(0, at - REACH), min(len(tokens), at + REACH + 1)):
            for word in tokens[other][1] if other != at else ():
                away = abs(other - at)
                if (word[0].isdigit() or word in DIRECTIONS) and joined[at] != joined[other]:
                    continue  # of the other half of "140 in 2021 and 165 in 2022"
                around[word] = min(around.get(word, away), away)
        left, right = tokens[at - 1][0] if at else "", tokens[at + 1][0] if at + 1 < len(tokens) else ""
        if UNSPACED.search(left + right):
            left, right = left[-1:], right[:1]
        unit = _unit_after(sentence[ends[at] :]) or _units().get(left if left in "€$£¥" else "")
        yield Figure(frozenset(words), around, left, right, unit)


def _unit_after(text: str) -> int | None:
    found = _unit_pattern().match(text.casefold())
    return _units()[found[1]] if found else None


def _tokens(sentence: str) -> Iterator[tuple[str, list[str], int]]:
    """Each word or number, folded, with what it is compared by (nothing for a common word), and where it ends."""
    for match in _TOKEN.finditer(sentence):
        token = match.group()
        if token[0].isdigit():
            yield token, sorted(numbers_in(token)), match.end()
        elif UNSPACED.search(token):
            yield from ((pair, [pair], match.end()) for pair in _pairs(flat(token)))
        else:
            yield flat(token) or token, content_words(flat(token)), match.end()


def _pairs(run: str) -> Iterator[str]:
    for at in range(0, max(1, len(run) - 1)):
        yield run[at : at + 2]


@cache
def _units() -> dict[str, int]:
    return {word: n for n, line in enumerate(_UNITS.strip().splitlines(), 1) for word in line.split()}


@cache
def _unit_pattern() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, _units()), key=len, reverse=True))
    return re.compile(rf"[ \u00a0\u202f-]?({words})(?![a-zà-ž])")
