"""The catalog is complete and consistent, and recognises the files it lists."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from models.catalog import catalog
from models.catalog.catalog import ModelEntry
from models.gguf.header import read_header
from tests.support.gguf_bytes import gguf_bytes

everything = pytest.mark.parametrize("one", catalog.ALL, ids=lambda one: one.key)


@everything
def test_every_entry_is_complete(one: ModelEntry) -> None:
    assert one.label
    assert one.note
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", one.repository)
    assert one.file.endswith(".gguf")
    assert one.licence_url.startswith("https://")
    assert one.revision is None or re.fullmatch("[0-9a-f]{40}", one.revision)
    assert one.sha256 is None or re.fullmatch("[0-9a-f]{64}", one.sha256)
    assert (one.sha256 is None) == (one.size_bytes is None)  # known together or not at all
    assert one.sha256 is None or one.revision is not None
    assert catalog.entry(one.key) is one
    assert catalog.by_file_name(f"/somewhere/{one.file}") is one


def test_keys_and_file_names_are_unique() -> None:
    assert len({one.key for one in catalog.ALL}) == len({one.file for one in catalog.ALL}) == len(catalog.ALL)


def test_an_unknown_key_raises_key_error() -> None:
    with pytest.raises(KeyError):
        catalog.entry("gpt-6")


def test_the_published_gpt_oss_files_are_pinned() -> None:
    assert {(one.size_bytes, one.sha256) for one in catalog.CHAT_MODELS} == {
        (12_109_566_624, "27cd6c432c7672cb812a92f611cf3ba7bbc35928262bb1e1253ff4ee6ae35901"),
        (12_109_566_560, "be37a636aca0fc1aae0d32325f82f6b4d21495f06823b5fbc1898ae0303e9935"),
    }


@pytest.mark.parametrize("one", catalog.EMBEDDERS, ids=lambda one: one.key)
def test_every_embedder_is_recognised_by_its_file_name_alone(tmp_path: Path, one: catalog.EmbedderEntry) -> None:
    path = tmp_path / one.file.replace("Q8_0", "F16")
    path.write_bytes(
        gguf_bytes({"general.architecture": one.architecture, f"{one.architecture}.embedding_length": one.dimension})
    )
    assert catalog.embedder_for(read_header(path)) is one


@pytest.mark.parametrize("one", catalog.RERANKERS, ids=lambda one: one.key)
def test_every_reranker_is_recognised_and_not_as_an_embedder(tmp_path: Path, one: catalog.RerankerEntry) -> None:
    path = tmp_path / one.file
    architecture = one.architecture
    path.write_bytes(gguf_bytes({"general.architecture": architecture, f"{architecture}.embedding_length": 1024}))
    assert catalog.reranker_for(read_header(path)) is one
    assert catalog.embedder_for(read_header(path)) is None


def test_the_converted_minilm_is_recognised(minilm_gguf: Path) -> None:
    found = catalog.embedder_for(read_header(minilm_gguf))
    assert found is not None
    assert (found.key, found.dimension, found.pooling) == ("all-minilm-l6-v2", 384, "mean")


def test_editions_of_gpt_oss_are_distinguished_by_size(tmp_path: Path) -> None:
    path = tmp_path / "gpt-oss-20b.gguf"
    path.write_bytes(gguf_bytes({"general.architecture": "gpt-oss"}))
    header = read_header(path)
    assert catalog.chat_model_for(header) is catalog.CHAT_MODELS[0]
    assert catalog.chat_model_for(replace(header, size_bytes=12_109_566_560)) is catalog.CHAT_MODELS[1]


def test_prefixes_are_the_published_ones() -> None:
    prefixes = {one.key: (one.query_prefix, one.passage_prefix) for one in catalog.EMBEDDERS}
    assert prefixes["embeddinggemma-300m"] == ("task: search result | query: ", "title: none | text: ")
    assert prefixes["nomic-embed-text-v1.5"] == ("search_query: ", "search_document: ")
    assert prefixes["qwen3-embedding-0.6b"][0].endswith("\nQuery:")
    assert prefixes["all-minilm-l6-v2"] == prefixes["bge-m3"] == ("", "")
