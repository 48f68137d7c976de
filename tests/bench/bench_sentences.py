"""How many texts are split into the right sentences, and how fast; sentencex and pysbd beside it if they are installed.

The texts are those of tests/unit/core/text/test_sentences.py and a document of plain English for the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from core.text.sentences import sentence_spans
from tests.unit.core.text.test_sentences import CASES, joined

TIMED = (
    "The tenant pays the rent, e.g. by transfer, on the 3. of each month. It is 940 euros. Who pays? Mr. Keller. "
    * 9_000
)


def ours(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def by_sentencex(text: str) -> list[str]:
    from sentencex import segment

    return [part.strip() for part in segment("en", text) if part.strip()]


def by_pysbd(text: str) -> list[str]:
    import pysbd

    return [part.strip() for part in pysbd.Segmenter(language="en", clean=False).segment(text) if part.strip()]


def measure(name: str, split: Callable[[str], list[str]]) -> None:
    right = sum(split(joined(parts)) == parts for parts in CASES)
    timed = TIMED if name != "pysbd" else TIMED[:100_000]
    began_s = time.perf_counter()
    split(timed)
    speed = len(timed) / 1e6 / (time.perf_counter() - began_s)
    print(f"{name:10} {right} of {len(CASES)} texts right, {speed:.2f} MB/s")


def main() -> None:
    """Print the figures of each splitter that is installed."""
    for name, split in (("ours", ours), ("sentencex", by_sentencex), ("pysbd", by_pysbd)):
        try:
            measure(name, split)
        except ImportError:
            print(f"{name:10} is not installed")


if __name__ == "__main__":
    main()
