"""The embedder on the real all-MiniLM-L6-v2: published similarities, batches, order, long texts, threads."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from models.cancel import CancelToken
from models.embedder import Embedder, EmbedderSpec, embedder_spec
from models.faults import Cancelled, ModelFault
from models.gguf.header import read_header
from models.llama.pooled_model import BATCH_TEXTS, BATCH_TOKENS, batch_by_length

SENTENCES = ("That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day")
PUBLISHED = (0.70, 0.94, 0.25)
MAX_POLLS = 500


@pytest.fixture(scope="module")
def embedder(minilm_gguf: Path) -> Iterator[Embedder]:
    opened = Embedder.open(minilm_gguf, threads=1)
    yield opened
    opened.close()


def texts_of_many_lengths(count: int) -> list[str]:
    words = "harbour ledger winter contract onion bridge seven valve orchard signal".split()
    return [" ".join(words[(i * 7 + j) % len(words)] for j in range(1 + (i * 5) % 70)) for i in range(count)]


def test_similarities_are_those_its_authors_publish(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(SENTENCES)
    assert vectors[1:] @ vectors[0] == pytest.approx(PUBLISHED, abs=0.01)


def test_vectors_are_float32_of_unit_length(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(texts_of_many_lengths(20))
    assert vectors.dtype == np.float32 and vectors.shape == (20, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_text_has_the_same_vector_alone_and_in_a_batch(embedder: Embedder) -> None:
    texts = texts_of_many_lengths(40)
    together = embedder.embed_passages(texts)
    alone = np.stack([embedder.embed_passages([text])[0] for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.9999


def test_batches_computed_in_parallel_give_the_same_vectors(embedder: Embedder, minilm_gguf: Path) -> None:
    texts = texts_of_many_lengths(150)
    several = Embedder.open(minilm_gguf, threads=3)
    try:
        assert np.array_equal(several.embed_passages(texts), embedder.embed_passages(texts))
        assert np.array_equal(several.embed_query(texts[7]), embedder.embed_query(texts[7]))
    finally:
        several.close()


@pytest.mark.skipif(sys.platform != "linux", reason="counts the process's threads in /proc")
def test_no_thread_that_computed_a_batch_outlives_it(minilm_gguf: Path) -> None:
    """GNU OpenMP's threads would stay, and with more of them than cores, the chat model's sleep at barriers."""

    def native_threads() -> int:
        return len(list(Path("/proc/self/task").iterdir())) - threading.active_count()

    before = native_threads()
    opened = Embedder.open(minilm_gguf, threads=3)  # computes a batch as a test
    opened.embed_query("a single batch, on all threads")
    try:
        for _ in range(MAX_POLLS):  # the system ends them a moment later
            if native_threads() <= before:
                break
            time.sleep(0.01)
        assert native_threads() <= before
    finally:
        opened.close()


def test_a_question_and_a_passage_of_the_same_words_agree_when_the_model_has_no_prefixes(embedder: Embedder) -> None:
    passage = embedder.embed_passages([*texts_of_many_lengths(30), SENTENCES[0]])[-1]
    assert float(passage @ embedder.embed_query(SENTENCES[0])) > 0.9999


def test_embedding_keeps_no_memory_for_logits(embedder: Embedder) -> None:
    """llama.cpp clears 31 MB of them for a batch with this model's vocabulary of 30,522, 270 MB with one of 262,144,
    and keeps them."""
    embedder.embed_passages(["valve"])
    before_bytes = psutil.Process().memory_info().rss
    embedder.embed_passages(["winter " * 250] * 4)
    assert psutil.Process().memory_info().rss - before_bytes < 15 * 2**20


def test_the_order_of_the_texts_is_kept(embedder: Embedder) -> None:
    texts = texts_of_many_lengths(70)
    forward, backward = embedder.embed_passages(texts), embedder.embed_passages(texts[::-1])
    assert (forward * backward[::-1]).sum(axis=1).min() > 0.9999


def test_a_text_longer_than_the_maximum_is_embedded_in_parts_and_reported(embedder: Embedder) -> None:
    long_text = "The valve closes in winter. " * 200 + "The orchard is sold by contract. " * 200
    batch = embedder.embed_batch([SENTENCES[0], long_text])
    assert batch.split_indices == (1,)
    assert np.linalg.norm(batch.vectors[1]) == pytest.approx(1.0, abs=1e-5)
    ends = embedder.embed_passages(["The valve closes in winter.", "The orchard is sold by contract."])
    similarities = ends @ batch.vectors[1]
    assert similarities.min() > 0.3, "both halves of the text are in its vector"


def test_every_part_of_a_long_text_fits_the_batch(embedder: Embedder) -> None:
    """The context raises a ValueError for a part of more than 256 tokens, this model's maximum and the batch's size."""
    counts = embedder.count_tokens(["short", "word " * 3000])
    assert counts[0] == 3 and counts[1] == 3002
    assert embedder.embed_batch(["word " * 3000]).split_indices == (0,)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "🜁" * 300, "a" * 100_000])
def test_odd_texts_have_a_vector_too(embedder: Embedder, text: str) -> None:
    vector = embedder.embed_passages([text])[0]
    assert np.isfinite(vector).all() and np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-4)


def test_no_texts_give_an_empty_array(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, 384)


def test_fewer_dimensions_are_the_first_ones_scaled_to_unit_length(embedder: Embedder, minilm_gguf: Path) -> None:
    full = embedder.embed_passages(SENTENCES)
    short = Embedder.open(minilm_gguf, threads=1, spec=replace(embedder.spec, dimension=128, fingerprint=""))
    try:
        vectors = short.embed_passages(SENTENCES)
        expected = full[:, :128] / np.linalg.norm(full[:, :128], axis=1, keepdims=True)
        assert vectors.shape == (4, 128)
        assert (vectors * expected).sum(axis=1).min() > 0.9999
        assert short.spec.fingerprint != embedder.spec.fingerprint
    finally:
        short.close()


def test_more_dimensions_than_the_model_has_are_refused_with_a_sentence(minilm_gguf: Path) -> None:
    with pytest.raises(ModelFault, match="384"):
        Embedder.open(minilm_gguf, spec=EmbedderSpec("other", 768, 256))


def test_a_file_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelFault):
        Embedder.open(tmp_path / "absent.gguf")


def test_a_question_overtakes_waiting_passages(embedder: Embedder) -> None:
    order: list[str] = []
    running = threading.Event()

    class NotesBatches(CancelToken):
        def check(self) -> None:
            running.set()
            super().check()

    def index() -> None:
        embedder.embed_passages(texts_of_many_lengths(600), NotesBatches())
        order.append("passages")

    thread = threading.Thread(target=index)
    thread.start()
    running.wait()
    embedder.embed_query("What is sold by contract?")
    order.append("question")
    thread.join()
    assert order == ["question", "passages"]


def test_cancelling_ends_the_work_between_batches_and_the_embedder_goes_on(embedder: Embedder) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        embedder.embed_passages(SENTENCES, cancel)
    assert embedder.embed_query("still there").shape == (384,)


def test_closing_drops_waiting_work(minilm_gguf: Path) -> None:
    embedder = Embedder.open(minilm_gguf, threads=1)
    raised: list[BaseException] = []

    def index() -> None:
        try:
            embedder.embed_passages(texts_of_many_lengths(2000))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=index)
    thread.start()
    embedder.close()
    thread.join()
    assert isinstance(raised[0], Cancelled | RuntimeError)


def test_batches_hold_every_text_once_within_their_bounds() -> None:
    lengths = [1 + (i * 37) % 300 for i in range(500)]
    groups = list(batch_by_length(lengths))
    assert sorted(index for group in groups for index in group) == list(range(500))
    for group in groups:
        assert len(group) <= BATCH_TEXTS
        assert len(group) == 1 or sum(lengths[index] for index in group) <= BATCH_TOKENS


def test_the_catalog_knows_the_file_and_its_prefixes(minilm_gguf: Path) -> None:
    spec = embedder_spec(read_header(minilm_gguf))
    assert (spec.key, spec.dimension, spec.max_tokens, spec.pooling) == ("all-minilm-l6-v2", 384, 256, "mean")
