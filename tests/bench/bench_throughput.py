"""Pages per second from PDF files to an index, compared with LangChain's usual pipeline, alternating in one run.

    python -m tests.bench.bench_throughput FOLDER --rival PYTHON [--rounds 3] [--pages 300]

Both read the same files, about --pages pages in all, and embed with the same all-MiniLM-L6-v2. PYTHON is that of a
virtual environment with langchain-community, langchain-text-splitters, langchain-chroma, langchain-huggingface, pypdf:
PyPDFLoader, RecursiveCharacterTextSplitter (1000 characters, 200 of them shared), sentence-transformers, Chroma on the
disk. Both are timed once everything is imported and the model loaded. "read" is without embedding: ours stores all but
the vectors, theirs only loads and splits. The embedder alone is what it needs for our passages when it has nothing else
to do. Seconds are of the clock and of the processor; where other programs are busy, the latter are more reliable, above
all with --threads 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from core.chunking.chunker import cut_document, fitting_passages
from core.jobs import Job
from core.library.context import embedded_text
from core.parsing.process.pool import ParserPool
from models.embedder import Embedder
from tests.support.gguf_models import minilm_folder, write_minilm
from tests.support.libraries import open_library

RIVAL = """
import json, sys, tempfile, time, torch
from langchain_chroma import Chroma
from langchain_community.document_loaders import PyPDFLoader
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
if int(sys.argv[2]):
    torch.set_num_threads(int(sys.argv[2]))
embeddings = HuggingFaceEmbeddings(model_name=sys.argv[1])
embeddings.embed_documents(["warm"] * 8)
splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
print("ready", flush=True)
for line in sys.stdin:
    paths = json.loads(line)
    started, worked = time.perf_counter(), time.process_time()
    splits = [split for path in paths for split in splitter.split_documents(PyPDFLoader(path).load())]
    read = time.perf_counter() - started, time.process_time() - worked
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Chroma.from_documents(splits, embeddings, persist_directory=folder)
        whole = time.perf_counter() - started, time.process_time() - worked
        print(json.dumps([read, whole, len(splits)]), flush=True)
"""


class Seconds(NamedTuple):
    """Seconds of the clock, and of the processor in all processes."""

    clock: float
    processor: float


class Stopwatch:
    """Measures from when it is created."""

    def __init__(self) -> None:
        self._clock_s, self._processor_s = time.perf_counter(), _processor_s()

    def read(self) -> Seconds:
        return Seconds(time.perf_counter() - self._clock_s, _processor_s() - self._processor_s)


def _processor_s() -> float:
    """Processor time of this process and its children; the other pipeline is idle meanwhile."""
    this = psutil.Process()
    times = [process.cpu_times() for process in (this, *this.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


class Rival:
    """The other pipeline, in a process of its own."""

    def __init__(self, python: Path, threads: int) -> None:
        command = [str(python), "-c", RIVAL, str(minilm_folder()), str(threads)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # until it has imported everything and loaded the model

    def run(self, paths: list[Path]) -> tuple[Seconds, Seconds, int]:
        """Return the time until everything is split, the whole time, and the number of splits."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(path) for path in paths]) + "\n")
        self._process.stdin.flush()
        read, whole, splits = json.loads(self._process.stdout.readline())
        return Seconds(*read), Seconds(*whole), int(splits)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def chosen(folder: Path, most_pages: int) -> tuple[list[Path], int]:
    """PDF files of `folder`, the smallest first, with at most `most_pages` pages, and their number of pages."""
    import pypdfium2

    paths, pages = [], 0
    for path in sorted(folder.rglob("*.pdf"), key=lambda path: path.stat().st_size):
        document = pypdfium2.PdfDocument(path)
        count = len(document)
        document.close()
        if pages + count <= most_pages:
            paths.append(path)
            pages += count
    return paths, pages


def ours_s(paths: list[Path], pool: ParserPool, embedder: Embedder | None) -> Seconds:
    with tempfile.TemporaryDirectory() as folder, open_library(Path(folder), pool, lambda: embedder) as opened:
        stopwatch = Stopwatch()
        opened.library.index(paths, Job())
        return stopwatch.read()


def passages(paths: list[Path], pool: ParserPool) -> list[str]:
    texts = []
    for outcome in pool.parse_many(paths):
        if outcome.document is not None and outcome.cut is not None:
            text = outcome.document.text
            texts += [
                embedded_text(outcome.document.title, one.section, text[one.start : one.end])
                for one in fitting_passages(outcome.document, outcome.cut)
            ]
    return texts


def limit_s(texts: list[str], embedder: Embedder) -> Seconds:
    stopwatch = Stopwatch()
    for start in range(0, len(texts), 64):
        embedder.embed_passages(texts[start : start + 64])
    return stopwatch.read()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rival", type=Path, help="the other pipeline's Python")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--workers", type=int, default=1, help="parser processes")
    parser.add_argument("--threads", type=int, default=0, help="of both embedders; 0: as each chooses")
    options = parser.parse_args()
    paths, pages = chosen(options.folder, options.pages)
    work = Path(tempfile.mkdtemp())
    write_minilm(minilm_folder(), work / "minilm.gguf")
    embedder = Embedder.open(work / "minilm.gguf", threads=options.threads or None)
    rival = Rival(options.rival, options.threads) if options.rival else None
    rows: list[list[Seconds]] = []
    try:
        with ParserPool(options.workers, cutter=cut_document) as pool:
            texts = passages(paths, pool)
            print(f"{len(paths)} files, {pages} pages, {len(texts)} passages of ours")
            ours_s(paths[:1], pool, embedder)  # imports what only the first run does
            for _ in range(options.rounds):
                row = [ours_s(paths, pool, None), ours_s(paths, pool, embedder), limit_s(texts, embedder)]
                if rival is not None:
                    read, whole, splits = rival.run(paths)
                    row += [read, whole]
                    print(f"the other has {splits} splits")
                rows.append(row)
    finally:
        embedder.close()
        if rival is not None:
            rival.close()
        shutil.rmtree(work)
    report(rows, pages)


def report(rows: list[list[Seconds]], pages: int) -> None:
    names = ("read, ours", "whole, ours", "embedder alone", "read, other", "whole, other")
    for kind in range(2):
        print("seconds of the " + Seconds._fields[kind])
        columns = [[cell[kind] for cell in column] for column in zip(*rows, strict=True)]
        for name, column in zip(names, columns, strict=False):
            middle = statistics.median(column)
            print(f"  {name:16} {middle:8.2f} s  {pages / middle:8.1f} pages/s")
        print(f"  share of the embedder's own limit: {_ratio(columns[2], columns[1]):.2f}")
        if len(columns) > 3:
            print(f"  read: {_ratio(columns[3], columns[0]):.1f} times as fast", end=", ")
            print(f"whole: {_ratio(columns[4], columns[1]):.2f} times as fast")


def _ratio(one: list[float], other: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    main()
