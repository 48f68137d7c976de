"""How many numbers in words are read right, language by language, and how fast; text2num beside it if it is installed.

Numbers from 0 to 1,000,000 are spelt by num2words, as cardinals and ordinals, and stand in a sentence of the language.
One counts as right if exactly its value is read. With a folder of ordinary texts, a folder a language, the words that
are read as numbers in them are counted too, for a person to look through.

Measured against text2num 3.1, which reads eight of these languages: cardinals 100 % in all of them, text2num 97.8 %
(it) to 100 % (es, fr, nl, pt), but 56.9 % (da) and 27.1 % (en) as num2words spells those, with commas. Ordinals are at
least as good too; weak are Spanish (21.0 %) and Danish (40.6 %), where num2words differs from CLDR, which is read.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

from num2words import num2words

from core.text.number_words import number_words
from tests.unit.core.text.test_number_words import SENTENCES, is_spelt_right

COUNT = 600
BYTES_TIMED = 2_000_000
SHOWN = 40


def numbers() -> list[int]:
    chance = random.Random(1)
    return [*range(2, 121), *(chance.randrange(121, 10_000) for _ in range(COUNT // 2)),
            *(chance.randrange(10_000, 1_000_001) for _ in range(COUNT // 2))]  # fmt: skip


def by_text2num(text: str, language: str) -> list[int] | None:
    """The numbers that text2num reads; None where it is not installed or lacks the language."""
    try:
        from text_to_num import alpha2digit
    except ImportError:
        return None
    try:
        return [int(digits) for digits in re.findall(r"\d+", alpha2digit(text, language, 0.0))]
    except ValueError:
        return None


def print_words_read(folder: Path) -> None:
    """Print which words of the texts in `folder` are read as numbers, most often first."""
    read: Counter[tuple[str, int]] = Counter()
    chars = 0
    began_s = time.perf_counter()
    for file in sorted(folder.glob("*.txt")):
        for passage in file.read_text(encoding="utf-8").split("\n\n"):
            chars += len(passage)
            found = number_words(passage)
            read.update((passage[n.start : n.end].casefold(), n.value) for n in found)
    print(
        f"{folder.name} {read.total()} in {chars} characters, {chars / 1e6 / (time.perf_counter() - began_s):.2f} M/s"
    )
    print("  ", ", ".join(f"{word} {value} ({count})" for (word, value), count in read.most_common(SHOWN)))


def main() -> None:
    """Print the shares for every language and form, or the words read in the texts of a folder named."""
    if len(sys.argv) > 1:
        for folder in sorted(Path(sys.argv[1]).iterdir()):
            print_words_read(folder)
        return
    for language, sentence in SENTENCES.items():
        for form in ("cardinal", "ordinal"):
            ours = theirs = total = 0
            known = True
            for number in numbers():
                try:
                    words = num2words(number, lang=language, to=form).strip()
                except (NotImplementedError, KeyError, IndexError):
                    continue
                if not is_spelt_right(number, language):
                    continue
                text = sentence.format(words)
                total += 1
                ours += [found.value for found in number_words(text)] == [number]
                other = by_text2num(text, language)
                known = known and other is not None
                theirs += other == [number]
            if total:
                beside = f"text2num {100 * theirs / total:6.2f} %" if known else ""
                print(f"{language} {form:9} {total:5} numbers, right: {100 * ours / total:6.2f} %  {beside}")
    text = (SENTENCES["en"].format("three hundred and twenty-one") + " ") * (BYTES_TIMED // 60)
    began_s = time.perf_counter()
    number_words(text)
    print(f"{len(text) / 1e6 / (time.perf_counter() - began_s):.1f} MB/s")


if __name__ == "__main__":
    main()
