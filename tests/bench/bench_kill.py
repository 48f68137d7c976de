"""Kills the application 200 times (`--kills N`) while it indexes, re-indexes, deletes and changes its embedding model.

Between kills its vector store is damaged now and then, and files change while they are read. After every four kills
(`--every N`) the library is brought up to date once and compared with a fresh one: documents, passages, keywords,
vectors, searches.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from gguf import PoolingType

from tests.support.gguf_models import minilm_folder, write_minilm
from tests.support.killing import assert_converges, kill_often


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--every", type=int, default=4)
    arguments = parser.parse_args()
    started_s = time.monotonic()
    rounds = 0
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as root:
        models = (Path(root) / "mean.gguf", Path(root) / "cls.gguf")
        write_minilm(minilm_folder(), models[0])
        write_minilm(minilm_folder(), models[1], pooling=PoolingType.CLS)
        for counts, site in kill_often(arguments.kills, Path(root), models, arguments.seed, arguments.every):
            assert_converges(Path(root), site)
            rounds += 1
            print(f"  {counts.kills} kills, {rounds} comparisons, all equal", flush=True)
    seconds = time.monotonic() - started_s
    by_mode = ", ".join(f"{mode} {number}" for mode, number in sorted(counts.by_mode.items()))
    print(
        f"{rounds} of {rounds} comparisons equal after {counts.kills} kills ({by_mode}), {counts.ended} runs that "
        f"ended by themselves, {counts.damages} damaged vector stores, {counts.changes_meanwhile} times files "
        f"changed while they were read; {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
