"""What encryption costs: indexing and searching the same library, plain and encrypted, in one run.

`python3 dev.py bench encryption [--passages N] [--rounds N]`. Prints the ratio encrypted : plain of each, the time to
open, to fill the vector store and to convert, and the memory of the store. Plain and encrypted take turns, and the
fastest of the rounds counts, so that other work on the machine disturbs both alike.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from core.chunking.chunker import cut_document
from core.jobs import Job
from core.library.library import Library
from core.library.throttle import Throttle
from core.parsing.process.pool import ParserPool
from core.retrieval.retriever import Retriever
from core.store.conversion import copy_converted
from core.store.database import Database
from core.store.vectors.index import VectorIndex
from core.store.vectors.memory_store import MemoryStore
from core.store.vectors.open_store import open_store

KEY, DIMENSION, QUESTIONS = bytes(range(32)), 384, 60
KINDS: dict[str, bytes | None] = {"plain": None, "encrypted": KEY}


def made_documents(folder: Path, passages: int) -> None:
    """Documents of made-up words, common and rare, with about so many passages."""
    chance = random.Random(5)
    words = [f"{chance.choice('bcdfglmnprst')}{chance.choice('aeiou')}{n:x}" for n in range(8000)]
    weights = [1 / (n + 1) for n in range(len(words))]
    folder.mkdir()
    for number in range(max(1, passages // 20)):
        paragraphs = (" ".join(chance.choices(words, weights, k=150)) + "." for _ in range(20))
        (folder / f"{number}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")


def open_index(database: Database, folder: Path, key: bytes | None) -> VectorIndex:
    return VectorIndex(database, folder / "vectors", open_store if key is None else MemoryStore.open)


def indexed(documents: Path, folder: Path, key: bytes | None, pool: ParserPool) -> float:
    """Seconds to read, cut and store the documents, without embedding, which costs the same in both."""
    with Database(folder / "library.db", key=key) as database:
        vectors = open_index(database, folder, key)
        library = Library(
            database, parser_pool=lambda: pool, embedder=lambda: None, vectors=vectors, throttle=Throttle()
        )
        began_s = time.perf_counter()
        library.index([documents], Job())
        seconds = time.perf_counter() - began_s
        add_vectors(database, vectors)
        vectors.close()
    return seconds


def add_vectors(database: Database, vectors: VectorIndex) -> None:
    state = vectors.ledger.embedder("f", DIMENSION)
    with database.read() as connection:
        ids = [i for (i,) in connection.execute("SELECT id FROM chunks ORDER BY id")]
    made = np.random.default_rng(1).standard_normal((len(ids), DIMENSION)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    for start in range(0, len(ids), 4096):
        part = ids[start : start + 4096]
        vectors.ledger.store(state, part, made[start : start + 4096], part[-1])


def timed(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        measure(Path(root), arguments.passages, arguments.rounds)


def measure(root: Path, passages: int, rounds: int) -> None:
    documents = root / "documents"
    made_documents(documents, passages)
    best: dict[tuple[str, str], float] = {}

    def note(what: str, kind: str, seconds: float) -> None:
        best[what, kind] = min(seconds, best.get((what, kind), seconds))

    with ParserPool(1, cutter=cut_document) as pool:
        for number in range(max(1, rounds // 2)):
            for kind, key in KINDS.items():
                (folder := root / f"{kind}{number}").mkdir()
                note("indexing", kind, indexed(documents, folder, key, pool))
    opened: dict[str, tuple[Database, VectorIndex, Retriever]] = {}
    for kind, key in KINDS.items():
        before = psutil.Process().memory_info().rss
        began_s = time.perf_counter()
        database = Database(root / f"{kind}0" / "library.db", key=key)
        note("opening", kind, time.perf_counter() - began_s)
        index = open_index(database, root / f"{kind}0", key)
        note("filling the vector store", kind, timed(lambda index=index: index.refresh("f", DIMENSION, Job())))  # type: ignore[misc]
        print(f"{kind}: {index.count('f'):,} passages, {(psutil.Process().memory_info().rss - before) >> 20} MiB more")
        opened[kind] = database, index, Retriever(database, index, lambda: None, lambda: None)
    chance = random.Random(9)
    questions = [" ".join(chance.sample(sorted(set(text)), 4)) for text in _texts(documents, chance)]
    vectors = np.random.default_rng(3).standard_normal((QUESTIONS, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for _ in range(rounds):
        for kind, (_database, index, retriever) in opened.items():
            began_s, computed_s = time.perf_counter(), time.process_time()
            for question in questions:
                retriever.search(question, limit=10)
            note("keyword search", kind, time.perf_counter() - began_s)
            note("its processor time", kind, time.process_time() - computed_s)
            note("vector search", kind, timed(lambda i=index: [i.search("f", v, 50) for v in vectors]))  # type: ignore[misc]
    for database, index, _ in opened.values():
        index.close()
        database.close()
    target = root / "converted"
    for kind, key in KINDS.items():
        file = root / f"{kind}0" / "library.db"
        other = KEY if key is None else None
        note("converting", kind, timed(lambda f=file, k=key, o=other: copy_converted(f, k, target, o, Job())))  # type: ignore[misc]
        print(f"{kind}: {file.stat().st_size / 2**20:.0f} MiB on disk")
    for what in dict.fromkeys(what for what, _ in best):
        plain_s, encrypted_s = best[what, "plain"], best[what, "encrypted"]
        print(f"{what:>26}: {1000 * plain_s:9.1f} ms plain, {1000 * encrypted_s:9.1f} ms encrypted, "
              f"{encrypted_s / plain_s:.2f}x")  # fmt: skip
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


def _texts(documents: Path, chance: random.Random) -> list[list[str]]:
    files = sorted(documents.iterdir())
    return [chance.choice(files).read_text(encoding="utf-8").split() for _ in range(QUESTIONS)]


if __name__ == "__main__":
    main()
