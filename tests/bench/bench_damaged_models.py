"""Opens model files with random damage (`--files N` of each kind, `--seed`), each in a process of its own: how many
work, how many are refused with a sentence, and how many end or hang the process, which none should."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path

from models.gguf.header import read_header
from tests.support.gguf_models import minilm_folder, write_minilm, write_tiny_gpt_oss
from tests.support.mutated_models import REFUSED, WORKS, mutate, outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        sound = {"embedder": Path(root) / "embedder.gguf", "chat": Path(root) / "chat.gguf"}
        write_minilm(minilm_folder(), sound["embedder"])
        write_tiny_gpt_oss(sound["chat"])
        for kind, path in sound.items():
            header_bytes = min(tensor.offset for tensor in read_header(path).tensors)
            counts: Counter[str] = Counter()
            for seed in range(arguments.seed, arguments.seed + arguments.files):
                raw, what = mutate(path.read_bytes(), random.Random(seed), header_bytes)
                damaged = Path(root) / "damaged.gguf"
                damaged.write_bytes(raw)
                result = outcome(kind, damaged)
                counts[result if result in (WORKS, REFUSED) else "ended"] += 1
                if result not in (WORKS, REFUSED):
                    print(f"  {kind}, seed {seed}, {what}: {result}", flush=True)
            print(f"{kind}: {dict(counts)}")


if __name__ == "__main__":
    main()
