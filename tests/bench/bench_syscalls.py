"""Makes system calls with random arguments in confined parsers, for text and for OCR, and prints what the kernel said.

    python -m tests.bench.bench_syscalls [--probes N] [--seed N]

Calls that the list allows, with arguments that it allows, are counted and not made.
"""

from __future__ import annotations

import argparse
import errno
import time
from collections import Counter

from core.parsing.ocr.tessdata import ENGLISH
from tests.support.confined_probes import errors_of, random_probes

BATCH = 4000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--probes", type=int, default=20_000, help="of each kind of parser")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for kind, language in (("text", ""), ("OCR", ENGLISH)):
        began, counts = time.perf_counter(), Counter[str]()
        numbers: set[int] = set()
        others: set[tuple[int, int]] = set()
        for start in range(0, options.probes, BATCH):
            probes = random_probes(min(BATCH, options.probes - start), options.seed + start)
            for (number, _), error in zip(probes, errors_of(probes, language, refused_only=True), strict=True):
                counts[name_of(error)] += 1
                numbers.add(number)
                if error not in (-1, errno.EPERM, errno.ENOSYS):
                    others.add((number, error))
        seconds = time.perf_counter() - began
        print(f"{kind}: {options.probes} calls of {len(numbers)} numbers in {seconds:.1f} s: {dict(counts)}")
        print(f"{kind}: got past the filter: {sorted(others) or 'none'}")


def name_of(error: int) -> str:
    return "on the list" if error == -1 else errno.errorcode.get(error, str(error)) if error else "succeeded"


if __name__ == "__main__":
    main()
