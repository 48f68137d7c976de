"""How many altered citations the check catches, and how many true ones it doubts, on sentences of a folder of texts.

usage: bench_citations.py FOLDER [FOLDER ...]      (folders of .md or .txt files)

The labelled set is made from the texts themselves, with a fixed seed: a passage is a run of a document's sentences, a
true claim one of them, reworded as models reword (opening added, function words changed, digits grouped differently,
clauses swapped); an altered one has a single number or name changed, or (swapped) a number of another sentence of the
passage in place of its own; an unrelated one comes from another document.
A claim is caught, or doubted, when the check does not call it supported.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from core.chat.support import support
from core.values import Support

PASSAGE_CHARS = 1000
SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-zA-Z]{2,}|[\u30a1-\u30fa\u30fc]{3,}")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
OPENINGS = ("", "", "According to the passage, ", "Yes: ", "The document says that ")
REWORDED = (
    (r"\bis\b", "was"), (r"\bcan\b", "may"), (r"\bthe\b", "its"), (r"\buses\b", "is using"), (r", ", " and "),
)  # fmt: skip


def main() -> None:
    """Print the figures for the folders given."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    chance = random.Random(1)
    texts = [path.read_text(encoding="utf-8") for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("*.*"))
             if path.suffix in (".md", ".txt")]  # fmt: skip
    passages = [passage for text in texts for passage in _passages(text)]
    chance.shuffle(passages)
    names = sorted({name for passage in passages for sentence in passage for name in NAME.findall(sentence)})
    total: Counter[str] = Counter()
    doubted: Counter[str] = Counter()
    for passage, other in zip(passages[:3000], passages[1:], strict=False):
        for kind, claim in _claims(passage, other, names, chance):
            total[kind] += 1
            doubted[kind] += support(claim, " ".join(passage)) is not Support.SUPPORTED
    for kind in total:
        print(f"{kind:16} {total[kind]:6} claims  {100 * doubted[kind] / total[kind]:6.2f} % not called supported")
    altered = [kind for kind in total if kind.startswith("altered")]
    if not sum(total[kind] for kind in altered):
        sys.exit("these texts are too short to make altered claims of")
    print(f"altered, caught  {100 * sum(doubted[k] for k in altered) / sum(total[k] for k in altered):6.2f} %")


def _passages(text: str) -> Iterator[list[str]]:
    run: list[str] = []
    for sentence in SENTENCE.split(text):
        sentence = sentence.strip(" -*#|>")
        words = len(sentence) // 2 if UNSPACED.search(sentence) else len(sentence.split())
        if 8 <= words <= 45:
            run.append(sentence)
        if sum(map(len, run)) > PASSAGE_CHARS:
            yield run
            run = []


def _claims(passage: list[str], other: list[str], names: list[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    whole = " ".join(passage)
    sentence = chance.choice(passage)
    yield "true", _reworded(sentence, chance)
    if numbers := list(NUMBER.finditer(sentence)):
        place = chance.choice(numbers)
        changed = _other_number(place.group(), whole, chance)
        yield "altered number", _reworded(sentence[: place.start()] + changed + sentence[place.end() :], chance)
    if numbers and (others := sorted(set(NUMBER.findall(whole)) - set(NUMBER.findall(sentence)))):
        place = chance.choice(numbers)
        swapped = sentence[: place.start()] + chance.choice(others) + sentence[place.end() :]
        yield "swapped number", _reworded(swapped, chance)
    if found := list(NAME.finditer(sentence)):
        place = chance.choice(found)
        strangers = [n for n in chance.sample(names, min(20, len(names))) if n.casefold() not in whole.casefold()]
        if strangers:
            altered = sentence[: place.start()] + strangers[0] + sentence[place.end() :]
            yield "altered name", _reworded(altered, chance)
    stranger = chance.choice(other)
    if stranger not in whole:
        yield "unrelated", _reworded(stranger, chance)


def _reworded(sentence: str, chance: random.Random) -> str:
    for pattern, words in chance.sample(REWORDED, 2):
        sentence = re.sub(pattern, words, sentence, count=1)
    if chance.random() < 0.3:
        sentence = re.sub(r"(?<=\d),(?=\d{3})", "", sentence)
    halves = sentence.rstrip(".").split(", ", 1)
    if len(halves) == 2 and chance.random() < 0.3:
        sentence = f"{halves[1]}, {halves[0]}."
    opening = chance.choice(OPENINGS)
    return opening + (sentence[0].lower() + sentence[1:] if opening and not sentence[1:2].isupper() else sentence)


def _other_number(number: str, passage: str, chance: random.Random) -> str:
    while True:
        digits = [chance.choice("123456789") if c.isdigit() and chance.random() < 0.6 else c for c in number]
        changed = "".join(digits)
        if changed != number and changed.replace(",", "") not in passage.replace(",", ""):
            return changed
        number += chance.choice("0123456789")


if __name__ == "__main__":
    main()
