"""Measures what searches find in folders with known questions, recorded by commit, and how long searches take.

`FOLDER...`: each holds docs/ and queries*.jsonl (core.evaluation.questions); each adds a line to the record. The change
since the record's last values is printed beside the new ones. `--passages N`: how long a search takes among N passages
(100,000 unless folders are given).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from core.evaluation.evaluation import Evaluation, evaluate
from core.evaluation.questions import read_questions
from core.jobs import Job
from core.retrieval.retriever import Retriever
from core.store.database import Database
from core.store.vectors.index import VectorIndex
from core.workspace import Workspace
from tests.bench.bench_store import QuestionVectors, fill, made_questions, made_vectors

RECORD = Path(__file__).with_name("retrieval.jsonl")
SHOWN = (
    "recall@3 any@3 recall@3000c partly@3000c touched@3000c recall@6000c mrr ndcg@10 characters@5 document@3"
    " documents@10 page@10"
).split()


def commit() -> str:
    """The commit of the working tree, with a + if anything but the record was changed since."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    difference = ["git", "diff", "--quiet", "HEAD", "--", ".", f":(exclude)tests/bench/{RECORD.name}"]
    return head.stdout.strip() + "+" * (subprocess.run(difference, check=False).returncode != 0)


def evaluated(folder: Path, data_dir: Path, embedder: Path | None, more: list[Path]) -> Evaluation:
    questions = [q for file in (*sorted(folder.glob("queries*.jsonl")), *more) for q in read_questions(file)]
    wanted = [q for q in questions if q.gold or q.corpus in ("", folder.resolve().name)]
    workspace = Workspace.open(data_dir, embedder=embedder)
    try:
        return evaluate(workspace.library, workspace.retriever, folder / "docs", wanted, Job())
    finally:
        workspace.close()


def last_values(name: str, semantic: bool) -> dict[str, float]:
    """The last recorded measures of a set, with or without embeddings; empty if there are none."""
    lines = RECORD.read_text(encoding="utf-8").splitlines() if RECORD.exists() else []
    for line in reversed(lines):
        entry: dict[str, Any] = json.loads(line)
        if (entry["set"], entry["meaning"]) == (name, semantic):
            return dict(entry["measures"])
    return {}


def append_to_record(name: str, found: Evaluation) -> None:
    measures = {key: round(value, 4) for key, value in found.measures.items()}
    measures |= {f"answered, {kind}": round(value, 4) for kind, value in found.answerability_auc.items()}
    entry = {
        "commit": commit(),
        "day": time.strftime("%Y-%m-%d"),
        "set": name,
        "meaning": found.semantic,
        "questions": found.questions,
        "measures": measures,
    }
    with RECORD.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def show(name: str, found: Evaluation, before: dict[str, float]) -> None:
    """Print the measures, with the change since `before`."""
    print(
        f"{name}: {found.questions} questions, {found.documents} documents, {found.passages} passages, "
        f"{found.median_ms:.0f} ms a search"
    )
    for key, value in found.measures.items():
        if key in SHOWN:
            change = f"  ({100 * (value - before[key]):+.1f})" if key in before else ""
            print(f"  {key:<14}{100 * value:6.1f} %{change}")
    for kind, value in found.answerability_auc.items():
        print(f"  answered or not ({kind}): {value:.3f}")


def measure_time(passages: int, dimension: int, searches: int) -> None:
    """Time searches for eight words and a ready-made vector, so without the embedding of the question."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        vectors = made_vectors(passages, dimension, 1, folder / "vectors.npy")
        questions = made_vectors(searches, dimension, 2, folder / "questions.npy")
        with Database(folder / "library.db") as database:
            index = VectorIndex(database, folder / "vectors")
            fill(database, index, vectors)
            retriever = Retriever(database, index, lambda: QuestionVectors(questions))
            queries = made_questions(searches)
            retriever.search(queries[0])
            times_ms = []
            for query in queries:
                began_s = time.perf_counter()
                retriever.search(query)
                times_ms.append(1000 * (time.perf_counter() - began_s))
            index.close()
    times_ms.sort()
    p50, p95 = times_ms[searches // 2], times_ms[searches * 95 // 100]
    print(f"{passages:,} passages: a search takes {p50:.0f} ms (p50), {p95:.0f} ms (p95)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--embedder", type=Path)
    parser.add_argument("--data", type=Path, help="folder that keeps the indexes for the next time")
    parser.add_argument(
        "--questions", type=Path, action="append", default=[], help="more questions, such as unanswered"
    )
    parser.add_argument("--dry", action="store_true", help="do not add to the record")
    parser.add_argument("--passages", type=int, default=0)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--searches", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for folder in arguments.folders:
            name = folder.resolve().name
            data_dir = (arguments.data or Path(temporary)) / name
            found = evaluated(folder, data_dir, arguments.embedder, arguments.questions)
            show(name, found, last_values(name, found.semantic))
            if not arguments.dry:
                append_to_record(name, found)
    if arguments.passages or not arguments.folders:
        measure_time(arguments.passages or 100_000, arguments.dimension, arguments.searches)


if __name__ == "__main__":
    main()
