"""Reads every file of a folder through the parser pool and prints, per format, what came out, how fast and how large.

    python -m tests.bench.bench_parsing FOLDER [--workers N] [--verbose]

Where FOLDER (or the one above it) holds an `expectations*.jsonl`, a line {"file", "format", "expect", "must_contain"}
for each file, the outcome is compared with it: phrases after NFKC, case folding and deletion of white space.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.chunking.chunker import chunk_document
from core.parsing.faults import ParseProblem
from core.parsing.process.pool import ParserPool
from core.parsing.process.worker_process import ParseOutcome
from core.parsing.registry import format_of

INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\ufeff\u2060"))
EXPECTED_PROBLEM = {
    "encrypted": {ParseProblem.ENCRYPTED},
    "scanned": {ParseProblem.SCANNED},
    "empty": {ParseProblem.EMPTY},
    "corrupt": {ParseProblem.DAMAGED, ParseProblem.CRASHED},
}
NO_CRASH = {ParseProblem.CRASHED, ParseProblem.TIMED_OUT, ParseProblem.OUT_OF_MEMORY}


@dataclass(slots=True)
class Tally:
    files: int = 0
    right: int = 0
    characters: int = 0
    chunks: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    problems: Counter[str] = field(default_factory=Counter)


def folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().translate(INVISIBLE).split())


def expectations(folder: Path) -> dict[Path, dict[str, object]]:
    found: dict[Path, dict[str, object]] = {}
    for place in (folder, folder.parent):
        for listing in place.glob("expectations*.jsonl"):
            for line in listing.read_text("utf-8").splitlines():
                row = json.loads(line)
                docs = place / "docs" if (place / "docs").is_dir() else place
                found[docs / row["file"]] = row
    return found


def judged(outcome: ParseOutcome, expected: dict[str, object]) -> bool:
    """Whether the outcome is the expected one; formats without text layer and the like may give either."""
    problem = outcome.fault.problem if outcome.fault else None
    kind = str(expected["expect"])
    if kind == "text":
        phrases = expected.get("must_contain") or ()
        assert isinstance(phrases, list | tuple)
        text = folded(outcome.document.text) if outcome.document else ""
        return outcome.document is not None and all(folded(str(phrase)) in text for phrase in phrases)
    if kind in EXPECTED_PROBLEM:
        return problem in EXPECTED_PROBLEM[kind]
    return problem not in NO_CRASH


class MemoryWatch(threading.Thread):
    """The most resident memory that any one of our child processes had."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.01):
            for child in psutil.Process().children():
                try:
                    self.peak_bytes = max(self.peak_bytes, child.memory_info().rss)
                except psutil.Error:
                    continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="print every file")
    options = parser.parse_args()
    folder: Path = options.folder
    expected = expectations(folder)
    root = folder / "docs" if (folder / "docs").is_dir() else folder
    paths = sorted(Path(place) / name for place, _, names in os.walk(root) for name in names)
    readable = [path for path in paths if format_of(path)]
    tallies: dict[str, Tally] = defaultdict(Tally)
    wrong: list[str] = []
    by_kind: dict[str, list[bool]] = defaultdict(list)
    watch = MemoryWatch()
    watch.start()
    began = time.perf_counter()
    with ParserPool(options.workers) as pool:
        last = time.perf_counter()
        for outcome in pool.parse_many(readable):
            now = time.perf_counter()
            judge(outcome, expected.get(outcome.path), now - last, tallies, by_kind, wrong, options.verbose)
            last = time.perf_counter()
    watch.ended.set()
    report(tallies, by_kind, wrong)
    print(f"{len(readable)} files in {time.perf_counter() - began:.1f} s with {options.workers} workers; ", end="")
    print(f"largest worker {watch.peak_bytes / 2**20:.0f} MiB")
    unread = [path for path in paths if not format_of(path)]
    print(f"not read by name: {Counter(path.suffix for path in unread)}" if unread else "every file has a format")
    for path in unread:
        if path in expected:
            by_kind[str(expected[path]["expect"])].append(False)


def judge(
    outcome: ParseOutcome,
    expected: dict[str, object] | None,
    seconds: float,
    tallies: dict[str, Tally],
    by_kind: dict[str, list[bool]],
    wrong: list[str],
    verbose: bool,
) -> None:
    tally = tallies[format_of(outcome.path) or "?"]
    tally.files += 1
    tally.seconds += seconds
    tally.slowest_s = max(tally.slowest_s, seconds)
    if outcome.document:
        tally.characters += len(outcome.document.text)
        tally.chunks += len(chunk_document(outcome.document))
    elif outcome.fault:
        tally.problems[outcome.fault.problem] += 1
    said = f"{len(outcome.document.text)} characters" if outcome.document else str(outcome.fault)
    if expected is not None:
        right = judged(outcome, expected)
        tally.right += right
        by_kind[str(expected["expect"])].append(right)
        if not right:
            wrong.append(f"{expected['expect']:10} {outcome.path.name}: {said}")
    if verbose:
        print(f"{seconds:7.2f} s  {outcome.path.name[-60:]!r}: {said}")


def report(tallies: dict[str, Tally], by_kind: dict[str, list[bool]], wrong: list[str]) -> None:
    print(f"{'format':10} {'files':>5} {'right':>5} {'characters':>11} {'chunks':>7} {'s':>7} {'slowest':>8}  problems")
    for name, tally in sorted(tallies.items()):
        problems = ", ".join(f"{key} {count}" for key, count in tally.problems.most_common())
        print(
            f"{name:10} {tally.files:5} {tally.right:5} {tally.characters:11,} {tally.chunks:7,} "
            f"{tally.seconds:7.2f} {tally.slowest_s:8.2f}  {problems}"
        )
    for kind, rights in sorted(by_kind.items()):
        print(f"expected {kind:24} {sum(rights):4} of {len(rights):4} ({sum(rights) / len(rights):.1%})")
    for line in wrong:
        print("wrong:", line)


if __name__ == "__main__":
    main()
