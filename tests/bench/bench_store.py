"""Stores of many passages: how long searches take, their recall of exact search, memory, disk.

`--passages N` (100,000) of `--dimension D` (768). The vectors are random, in clusters like real ones. `--vectors FILE`
uses real ones, which `--embed FOLDER --embedder GGUF --vectors FILE` makes (tests/bench/real_vectors.py says how, and
how few become many). `--keep FOLDER` keeps the stores there, and measures them without filling them if they exist
already: once 1,000,000 passages have been filled, a measurement takes about two minutes. `--scan N` compares a scan of
N unchanged files with a bare os.scandir and stat.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from sqlite3 import Connection

import numpy as np
import psutil
from numpy.typing import NDArray

from core.chunking.chunker import cut_document
from core.jobs import Job
from core.library.library import Library
from core.library.throttle import Throttle
from core.parsing.process.pool import ParserPool
from core.retrieval.retriever import Retriever
from core.store.database import Database
from core.store.documents.texts import pieces_of, put_text
from core.store.keywords import index as keyword_index
from core.store.keywords.index import KeywordRow
from core.store.vectors.index import VectorIndex
from core.text.tokenizer import search_terms
from models.embedder import EmbedderSpec
from tests.bench.real_vectors import RealVectors, embed_folder

Vectors = NDArray[np.float32]
PER_DOCUMENT = 10
SCAN_ROUNDS = 21
WORDS = 120
VOCABULARY = 50_000
SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in "aeiou"]
COMMONEST_ASKED = 33
"""The rank of the commonest word in a question. Words of questions are as common as those of real ones about technical
documents and quarterly reports: half of them are in less than 1 to 2 % of the passages, one of ten in more than 18 %,
none in more than 30 %."""


def made_vectors(count: int, dimension: int, seed: int, file: Path) -> Vectors:
    """Random unit vectors around 2,000 centres, as near to each other as passages on one subject (cosine about 0.6)."""
    random_ = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((2000, dimension)).astype(np.float32)
    vectors = np.lib.format.open_memmap(file, "w+", np.float32, (count, dimension))
    for start in range(0, count, 50_000):
        size = min(50_000, count - start)
        noise = random_.standard_normal((size, dimension), dtype=np.float32)
        some = centres[random_.integers(0, 2000, size)] + 0.8 * noise
        vectors[start : start + size] = some / np.linalg.norm(some, axis=1, keepdims=True)
    return vectors


def fill(database: Database, index: VectorIndex, vectors: Vectors, words: bool = True) -> None:
    """Fill the stores. With `words`, each passage has a text and its keywords; without, its vector alone."""
    count, dimension = vectors.shape
    vocabulary = [made_word(n) for n in range(VOCABULARY)]
    terms = [search_terms(word) for word in vocabulary]
    chances = np.cumsum(1 / (np.arange(VOCABULARY) + 10))
    random_ = np.random.default_rng(1)
    state = index.ledger.embedder("bench", dimension)
    with database.write() as connection:
        connection.execute("INSERT INTO folders (id, path, added_s) VALUES (1, x'2f62', 0)")
    passages_s = vectors_s = 0.0
    for start in range(0, count, 5000):
        size = min(5000, count - start)
        ids = range(start + 1, start + size + 1)
        chosen = np.searchsorted(chances, chances[-1] * random_.random((size, WORDS)))
        passages = chosen.tolist() if words else [[]] * size
        bodies = [" ".join([vocabulary[n] for n in passage]) for passage in passages]
        analysed = [" ".join([terms[n] for n in passage]) for passage in passages]
        began_s = time.monotonic()
        with database.write() as connection:
            connection.executemany(
                "INSERT INTO documents (id, folder_id, path, state, pending, size_bytes, modified_ns, passage_count) "
                "VALUES (?, 1, CAST('/b/' || ? AS BLOB), 'indexed', 0, 1, 1, ?)",
                ((i, i, PER_DOCUMENT) for i in range(start // PER_DOCUMENT + 1, (start + size) // PER_DOCUMENT + 1)),
            )
            for first in range(0, size, PER_DOCUMENT):
                put_passages(connection, start + first + 1, bodies[first : first + PER_DOCUMENT])
            rows = (KeywordRow(i, "a name", "some section", b) for i, b in zip(ids, analysed, strict=True))
            keyword_index.add(connection, rows if words else ())
        stored_s = time.monotonic()
        index.ledger.store(state, ids, vectors[start : start + size], ids[-1])
        passages_s += stored_s - began_s
        vectors_s += time.monotonic() - stored_s
    print(f"  SQLite filled in {passages_s:.0f} s with texts, passages, keywords, in {vectors_s:.0f} s with vectors")
    started_s = time.monotonic()
    index.refresh("bench", dimension, Job())
    seconds = time.monotonic() - started_s
    print(f"  Milvus filled in {seconds:.0f} s ({count / seconds:.0f} a second)")
    print(f"  {count:,} ready-made vectors indexed in {vectors_s + seconds:.0f} s", flush=True)


def put_passages(connection: Connection, first_id: int, bodies: list[str]) -> None:
    """Store the text and the passages of the next document."""
    document = (first_id - 1) // PER_DOCUMENT + 1
    put_text(connection, document, pieces_of("\n".join(bodies)))
    start = 0
    for ordinal, body in enumerate(bodies):
        connection.execute(
            'INSERT INTO chunks (id, document_id, ordinal, start, "end", section, content_hash) '
            "VALUES (?, ?, ?, ?, ?, 'Some section', CAST(? AS BLOB))",
            (first_id + ordinal, document, ordinal, start, start + len(body), f"{first_id + ordinal:016}"),
        )
        start += len(body) + 1


def made_word(number: int) -> str:
    """The n-th commonest word: three syllables."""
    size = len(SYLLABLES)
    return "".join(SYLLABLES[number // size**digit % size] for digit in range(3))


def made_questions(count: int) -> list[str]:
    """Questions of eight words, some common, most rare, after a number that `QuestionVectors` reads."""
    chance = random.Random(2)
    reach = math.log(VOCABULARY / COMMONEST_ASKED)
    return [
        " ".join((str(n), *(made_word(int(COMMONEST_ASKED * math.exp(reach * chance.random()))) for _ in range(8))))
        for n in range(count)
    ]


class QuestionVectors:
    """Stands in for an embedding model: the question "n ..." has the n-th vector."""

    def __init__(self, vectors: Vectors) -> None:
        self.spec = EmbedderSpec("bench", vectors.shape[1], 512, fingerprint="bench")
        self._vectors = vectors

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._vectors[int(text.split()[0])]
        return vector


def timed(what: str, search: Callable[[int], object], times: int) -> None:
    times_ms = []
    for number in range(times):
        began_s = time.perf_counter()
        search(number)
        times_ms.append((time.perf_counter() - began_s) * 1000)
    times_ms.sort()
    print(f"  {what}: median {statistics.median(times_ms):.1f} ms, p95 {times_ms[int(times * 0.95)]:.1f} ms")


def measure(database: Database, index: VectorIndex, questions: Vectors, vectors: Vectors, words: bool) -> None:
    began_s = time.monotonic()
    index.search("bench", questions[0], 10)
    print(f"  first search after opening: {time.monotonic() - began_s:.1f} s")
    queries = made_questions(len(questions))

    def search_vectors(number: int, limit: int = 50, documents: frozenset[int] | None = None) -> object:
        return index.search("bench", questions[number], limit, documents)

    embedder = QuestionVectors(questions)
    both, keywords = Retriever(database, index, lambda: embedder), Retriever(database, index, lambda: None)
    if words:
        keywords.search(queries[0])
        both.search(queries[0])
    gc.collect()
    gc.freeze()  # as `gui.garbage_collection` does: else some searches would include a full collection
    few = frozenset(range(1, 2 + len(vectors) // PER_DOCUMENT // 100))
    times = len(questions)
    timed("vectors, top 10", lambda n: search_vectors(n, 10), times)
    timed("vectors, top 50", search_vectors, times)
    if words:
        timed("retriever, keywords (8 terms) alone, top 10", lambda n: keywords.search(queries[n], limit=10), times)
        timed("retriever, keywords and vectors, top 10", lambda n: both.search(queries[n], limit=10), times)
        timed("the same questions again", lambda n: both.search(queries[n], limit=10), times)
    timed("vectors, in 1 % of the documents", lambda n: search_vectors(n, 10, few), times)
    me = psutil.Process()
    store = [process for process in me.children(recursive=True) if process.name() == "milvus"]
    resident = {process.name(): process.memory_info().rss for process in (me, *store)}
    print(
        "  resident, before recall is computed: "
        + ", ".join(f"{name} {size / 2**20:.0f} MiB" for name, size in resident.items())
    )
    print(f"  recall@10 of exact search: {recall(index, questions[:50], vectors):.4f}")


def recall(index: VectorIndex, questions: Vectors, vectors: Vectors) -> float:
    shares = []
    for question in questions:
        cosines = np.concatenate([vectors[at : at + 20_000] @ question for at in range(0, len(vectors), 20_000)])
        exact = set((np.argpartition(-cosines, 10)[:10] + 1).tolist())
        shares.append(len(exact & {passage_id for passage_id, _ in index.search("bench", question, 10)}) / 10)
    return statistics.mean(shares)


def bench_search(passages: int, dimension: int, real: Path | None, words: bool, keep: Path | None) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = keep or Path(root)
        if not (folder / "filled").exists():
            filling = get_context("spawn").Process(
                target=filled, args=(folder, passages, dimension, real, words), name="fill"
            )
            filling.start()
            filling.join()
            if filling.exitcode:
                raise SystemExit("the stores could not be filled")
        vectors: Vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        print(f"{len(vectors):,} passages of {vectors.shape[1]} dimensions")
        questions = (
            made_vectors(200, vectors.shape[1], 2, folder / "questions.npy")
            if real is None
            else RealVectors.load(real).questions[:200].copy()
        )
        sizes = {p.name: p.stat().st_size / 2**20 for p in folder.rglob("*.db*")}
        print("  on disk: " + ", ".join(f"{name} {size:.0f} MiB" for name, size in sizes.items()))
        with Database(folder / "library.db") as database:
            index = VectorIndex(database, folder / "vectors")
            measure(database, index, questions, vectors, words)
            index.close()


def filled(folder: Path, passages: int, dimension: int, real: Path | None, words: bool) -> None:
    """Fill the stores in `folder`; in a process of its own, whose memory is not that of searching."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "vectors.npy"
    vectors = (
        made_vectors(passages, dimension, 1, file)
        if real is None
        else RealVectors.load(real).extended_to(passages, file)
    )
    with Database(folder / "library.db") as database:
        index = VectorIndex(database, folder / "vectors")
        fill(database, index, vectors, words)
        index.close()
    (folder / "filled").touch()


def bench_scan(files: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "documents"
        for n in range(files):
            path = folder / f"{n % 100}" / f"{n}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"Document number {n}.")
            os.utime(path, ns=(10**18, 10**18))
        with Database(Path(root) / "data" / "library.db") as database, ParserPool(1, cutter=cut_document) as pool:
            vectors = VectorIndex(database, Path(root) / "data" / "vectors")
            library = Library(
                database, parser_pool=lambda: pool, embedder=lambda: None, vectors=vectors, throttle=Throttle()
            )
            began_s = time.monotonic()
            report = library.index([folder], Job())
            print(f"{report.documents:,} small files indexed in {time.monotonic() - began_s:.1f} s")
            rounds = [_scan_round(folder, library) for _ in range(SCAN_ROUNDS)]
    both = [sorted(times) for times in zip(*rounds, strict=True)]
    ratios = sorted(ours / bare for bare, ours in rounds)
    bare, ours = (f"{1000 * statistics.median(times):.0f} ms (fastest {1000 * times[0]:.0f})" for times in both)
    quarters = f"{ratios[SCAN_ROUNDS // 4]:.2f} to {ratios[3 * SCAN_ROUNDS // 4]:.2f}"
    print(f"  {files:,} unchanged, {SCAN_ROUNDS} alternating rounds: scandir+stat {bare}, index {ours};")
    print(f"  {statistics.median(ratios):.2f}x, half of the rounds {quarters}; fastest {both[1][0] / both[0][0]:.2f}x")


def _scan_round(folder: Path, library: Library) -> tuple[float, float]:
    """Seconds of a bare walk, and of an index run that finds nothing changed."""
    began_s = time.perf_counter()
    for _ in _stats(os.fsencode(folder)):
        pass
    bare_s = time.perf_counter() - began_s
    began_s = time.perf_counter()
    library.index([folder], Job())
    return bare_s, time.perf_counter() - began_s


def _stats(folder: bytes):  # type: ignore[no-untyped-def]  # the bare walk to compare with
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _stats(entry.path)
            else:
                yield entry.stat(follow_symlinks=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=768)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--vectors-only", action="store_true", help="passages without words: vector search alone")
    parser.add_argument("--embed", type=Path)
    parser.add_argument("--pieces", type=int, default=20_000, help="how many pieces of text to embed at most")
    parser.add_argument("--embedder", type=Path)
    parser.add_argument(
        "--keep", type=Path, help="folder of the stores, which are used as they are if they were filled before"
    )
    parser.add_argument("--scan", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.embed:
        embed_folder(arguments.embed, arguments.embedder, arguments.vectors, arguments.pieces)
    elif arguments.scan:
        bench_scan(arguments.scan)
    else:
        bench_search(
            arguments.passages, arguments.dimension, arguments.vectors, not arguments.vectors_only, arguments.keep
        )


if __name__ == "__main__":
    main()
