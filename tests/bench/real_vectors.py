"""Real vectors for bench_store.py: passages of a folder's text files, and questions, embedded by a real model.

all-MiniLM-L6-v2 returns 384 dimensions; a vector of 768 is a passage's vector followed by that of the next passage,
scaled to unit length (a question's vector twice), so that every number comes from the model and real text. Where more
vectors are wanted than there are passages, each further one lies between a real vector and one of the ten nearest to
it (in the half nearer to the first), with a little noise: where vectors of similar passages would be.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.embedder import Embedder

Vectors = NDArray[np.float32]
PIECE_CHARS = 700
NEAREST = 10
NOISE = 0.15  # of a vector's length


@dataclass(frozen=True, slots=True)
class RealVectors:
    """Unit vectors of passages and of questions."""

    passages: Vectors
    questions: Vectors

    @classmethod
    def load(cls, file: Path) -> RealVectors:
        with np.load(file) as stored:
            return cls(stored["passages"], stored["questions"])

    def extended_to(self, count: int, file: Path) -> Vectors:
        """Write `count` vectors to `file`: the real ones, then those between them."""
        chance = np.random.default_rng(1)
        real, dimension = self.passages, self.passages.shape[1]
        near = _nearest(real)
        vectors = np.lib.format.open_memmap(file, "w+", np.float32, (count, dimension))
        vectors[: len(real)] = real[:count]
        for start in range(len(real), count, 20_000):
            size = min(20_000, count - start)
            first = chance.integers(0, len(real), size)
            second = near[first, chance.integers(0, NEAREST, size)]
            share = chance.uniform(0.5, 1.0, (size, 1)).astype(np.float32)
            noise = chance.standard_normal((size, dimension), dtype=np.float32)
            between = share * real[first] + (1 - share) * real[second]
            vectors[start : start + size] = _unit(_unit(between) + NOISE * _unit(noise))
        return vectors


def embed_folder(folder: Path, model: Path, file: Path, most: int) -> None:
    """Embed at most `most` passages of the text files in `folder` (.md, .txt) and the questions of its .jsonl files;
    write the vectors to `file` (.npz)."""
    pieces = [piece for path in sorted(folder.rglob("*")) if path.suffix in (".md", ".txt") for piece in _pieces(path)]
    every = max(1, -(-len(pieces) // (most // 20)) // 20)
    pieces = [piece for start in range(0, len(pieces), 20 * every) for piece in pieces[start : start + 20]]
    questions = [question for path in sorted(folder.rglob("*.jsonl")) for question in _questions(path)]
    chance = np.random.default_rng(2)
    asked = [questions[i] for i in chance.permutation(len(questions))[:400]]
    embedder = Embedder.open(model)
    try:
        rows = [embedder.embed_passages(pieces[at : at + 256]) for at in range(0, len(pieces), 256)]
        passages = np.concatenate(rows).astype(np.float32)
        asked_vectors = np.stack([embedder.embed_query(question) for question in asked]).astype(np.float32)
    finally:
        embedder.close()
    following = np.roll(passages, -1, axis=0)
    np.savez(
        file,
        passages=_unit(np.concatenate([passages, following], axis=1)),
        questions=_unit(np.concatenate([asked_vectors, asked_vectors], axis=1)),
    )
    print(f"{len(passages):,} passages and {len(asked)} questions embedded")


def _pieces(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if sum(character.isascii() for character in text[:2000]) < 0.9 * len(text[:2000]):
        return []  # the model knows only English
    return [text[at : at + PIECE_CHARS] for at in range(0, len(text) - 200, PIECE_CHARS)]


def _questions(path: Path) -> list[str]:
    found = [json.loads(line).get("question") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [question for question in found if isinstance(question, str) and question.isascii()]


def _nearest(real: Vectors) -> NDArray[np.int64]:
    rows = []
    for start in range(0, len(real), 1000):
        cosines = real[start : start + 1000] @ real.T
        rows.append(np.argpartition(-cosines, NEAREST + 1)[:, : NEAREST + 1])
    return np.concatenate(rows)[:, 1:]


def _unit(vectors: Vectors) -> Vectors:
    made: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return made
