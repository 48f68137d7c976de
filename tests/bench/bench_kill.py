"""Kills the program 200 times (`--kills N`) while it indexes, re-indexes and deletes; prints how often it converged."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.support.gguf_models import minilm_folder, write_minilm
from tests.support.killing import assert_converges, kill_often


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    started_s = time.monotonic()
    rounds = 0
    with tempfile.TemporaryDirectory() as root:
        model = Path(root) / "model.gguf"
        write_minilm(minilm_folder(), model)
        for killed, data_dir, folder in kill_often(arguments.kills, Path(root), model, arguments.seed):
            assert_converges(Path(root), data_dir, folder, model)
            rounds += 1
            print(f"{killed.kills} kills, {killed.ended} runs that ended before, {rounds} comparisons, all equal")
    seconds = time.monotonic() - started_s
    print(
        f"seed {arguments.seed}: {rounds} of {rounds} comparisons equal after {arguments.kills} kills, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
