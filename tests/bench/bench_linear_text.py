"""How the processor time of every function on text grows when a hostile text is twice as long: linear is a factor of 2.

Arguments: characters of the longer text (default 1,000,000), seconds of processor time for a call (default 60), and
parts of the names of the functions to measure (default all, which takes hours).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.support.hostile_texts import shapes
from tests.support.processor_time import Call, timed_calls
from tests.support.text_functions import FUNCTIONS

REGISTRY = "tests.support.text_functions"
NOTICEABLE_S = 0.05  # a shorter time says nothing about growth


def measure(function: str, length: int, limit_s: float) -> str:
    """One line about a function: the shapes that it did not end on, its greatest growth and its longest time."""
    names = list(shapes())
    calls = [Call(REGISTRY, function, shape, size) for shape in names for size in (length // 2, length)]
    answers = list(timed_calls(calls, limit_s))
    endless: list[str] = []
    growth, longest = (0.0, ""), (0.0, "")
    for half, whole in zip(answers[::2], answers[1::2], strict=True):
        shape = whole.call.shape
        if half.processor_s is None or whole.processor_s is None:
            endless.append(shape)
            continue
        longest = max(longest, (whole.processor_s, shape))
        if half.processor_s > NOTICEABLE_S:
            growth = max(growth, (whole.processor_s / half.processor_s, shape))
    told = f"growth {growth[0]:.1f} ({growth[1]}), longest {longest[0]:.2f} s ({longest[1]})"
    return f"{function:42} {told}{f', no end: {endless}' if endless else ''}"


def main(arguments: Sequence[str]) -> None:
    """Print the figures of each function."""
    length = int(arguments[0]) if arguments else 1_000_000
    limit_s = float(arguments[1]) if len(arguments) > 1 else 60.0
    parts = arguments[2:]
    for function in FUNCTIONS:
        if not parts or any(part in function for part in parts):
            print(measure(function, length, limit_s), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
