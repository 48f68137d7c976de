"""Damages the files of a data directory at random (`--rounds N`, `--seed`, `--bits` for flipped bits alone), one file a
round: whether search answers, and whether `doctor --repair` leaves everything sound and every document found."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.cli.run import run_command_line
from tests.support.damage import KINDS, WORDS, damage_copy, flip_bit, make_library
from tests.support.gguf_models import minilm_folder, write_minilm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bits", action="store_true")
    arguments = parser.parse_args()
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as root:
        embedder, data, copy = (Path(root) / name for name in ("minilm.gguf", "data", "copy"))
        write_minilm(minilm_folder(), embedder)
        make_library(Path(root) / "documents", data, embedder)
        for seed in range(arguments.seed, arguments.seed + arguments.rounds):
            what = damage_copy(data, copy, random.Random(seed), (flip_bit,) if arguments.bits else KINDS)
            wrong = _wrong_after(copy, embedder)
            outcomes["wrong" if wrong else "as it should be"] += 1
            if wrong:
                print(f"  seed {seed}, {what}: {', '.join(wrong)}", flush=True)
    print(dict(outcomes))


def _wrong_after(data: Path, embedder: Path) -> list[str]:
    """What is wrong: with the first search, after the repair, with what is found then."""
    options = ["--data-dir", str(data), "--embedder", str(embedder)]
    wrong = [] if _run(["search", "granite hall", "--json", *options]) else ["search does not answer"]
    if not _run(["doctor", "--repair", *options]):
        wrong.append("it cannot be repaired")
    facts = json.loads(_run(["doctor", "--json", *options]) or "{}")
    if not (facts.get("database", {}).get("healthy") and facts.get("vectors", {}).get("healthy")):
        wrong.append("not sound after the repair")
    if (facts.get("documents"), facts.get("conversations")) != (len(WORDS), 2):
        wrong.append("documents or conversations are missing")
    for word in WORDS:
        found = json.loads(_run(["search", f"{word} hall", "--json", *options]) or '{"passages": []}')
        if word not in {Path(passage["path"]).stem for passage in found["passages"]}:
            wrong.append(f"{word} is not found")
    return wrong


def _run(words: Sequence[str]) -> str:
    """What a command prints; "" if it fails."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        status = run_command_line(list(words))
    return printed.getvalue() if status == 0 else ""


if __name__ == "__main__":
    main()
