"""How many numbers in words are read right, language by language, and how fast; text2num beside it if it is installed.

Numbers from 0 to 1,000,000 are spelt by num2words, as cardinals and ordinals, and stand in a sentence of the language.
One counts as right if exactly its value is read. Measured against text2num 3.1, which reads eight of these languages:
cardinals 99.9 to 100 % in all, text2num 56.9 % (da) to 100 % (es, fr, nl, pt), and 27.1 % in English as num2words
spells it, with commas; ordinals of more than two digits are rare, and weak in Spanish (19.9 %) and Danish (40.6 %).
"""

from __future__ import annotations

import random
import re
import time

from num2words import num2words

from core.text.number_words import number_words
from tests.unit.core.text.test_number_words import SENTENCES, is_spelt_right

COUNT = 600
BYTES_TIMED = 2_000_000


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


def main() -> None:
    """Print the shares for every language and form."""
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
