"""Measures the embedder's throughput against llama.cpp's llama-embedding on the same texts, and by batch width.

    python -m tests.bench.bench_embedder --model FILE.gguf --texts FOLDER [--llama-embedding PROGRAM] [--rounds 3]
    python -m tests.bench.bench_embedder --model FILE.gguf --texts FOLDER --widths 128,256,512,1024

The texts are pieces of `--chars` characters from the .md and .txt files below FOLDER. From llama-embedding's time for
all texts its time for one text is subtracted, so that loading the model does not count; it prints vectors, which ours
does not.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from models.embedder import Embedder
from models.llama import pooled_model
from models.machine.cores import usable_cores


def read_texts(folder: Path, chars: int, count: int) -> list[str]:
    texts: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".md", ".txt")):
        text = " ".join(path.read_text(encoding="utf-8", errors="replace").split())
        texts += [text[start : start + chars].strip() for start in range(0, len(text) - chars // 4, chars)]
        if len(texts) >= count:
            break
    return [text for text in texts if text][:count]


def llama_embedding_s(program: Path, model: Path, texts: list[str], threads: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "texts")
        file.write_text("\n".join(texts), encoding="utf-8")
        command = [str(program), "-m", str(model), "-f", str(file), "-t", str(threads), "-b", "2048", "-c", "2048"]
        started_s = time.perf_counter()
        subprocess.run([*command, "--embd-output-format", "array"], capture_output=True, check=True)
        return time.perf_counter() - started_s


def embedder_s(embedder: Embedder, texts: list[str]) -> float:
    started_s = time.perf_counter()
    embedder.embed_passages(texts)
    return time.perf_counter() - started_s


def compare(arguments: argparse.Namespace, texts: list[str]) -> None:
    threads = arguments.threads or usable_cores()
    embedder = Embedder.open(arguments.model, threads=threads)
    tokens = sum(embedder.count_tokens(texts))
    embedder.embed_passages(texts[:8])
    mine, other = [], []
    for _ in range(arguments.rounds):
        mine.append(embedder_s(embedder, texts))
        if arguments.llama_embedding:
            whole = llama_embedding_s(arguments.llama_embedding, arguments.model, texts, threads)
            other.append(whole - llama_embedding_s(arguments.llama_embedding, arguments.model, texts[:1], threads))
    embedder.close()
    print(f"{len(texts)} texts, {tokens} tokens, {threads} threads")
    print(f"ours             {tokens / statistics.median(mine):8.0f} tokens/s")
    if other:
        ratio = statistics.median(b / a for a, b in zip(mine, other, strict=True))
        print(f"llama-embedding  {tokens / statistics.median(other):8.0f} tokens/s   {ratio:.3f}x")


def compare_widths(arguments: argparse.Namespace, texts: list[str]) -> None:
    for width in map(int, arguments.widths.split(",")):
        pooled_model.BATCH_TOKENS = width
        embedder = Embedder.open(arguments.model, threads=arguments.threads or usable_cores())
        tokens = sum(embedder.count_tokens(texts))
        embedder.embed_passages(texts[:8])
        seconds = min(embedder_s(embedder, texts) for _ in range(arguments.rounds))
        print(f"batches of {width:5} tokens  {tokens / seconds:8.0f} tokens/s", flush=True)
        embedder.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=os.environ.get("PAPERMOOR_BENCH_EMBEDDER"))
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--llama-embedding", type=Path, default=os.environ.get("PAPERMOOR_LLAMA_EMBEDDING"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--chars", type=int, default=600)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--widths", default="")
    arguments = parser.parse_args()
    if not arguments.model:
        parser.error("name a model file")
    texts = read_texts(arguments.texts, arguments.chars, arguments.count)
    if arguments.widths:
        compare_widths(arguments, texts)
    else:
        compare(arguments, texts)


if __name__ == "__main__":
    main()
