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

every_entry = pytest.mark.parametrize("entry", catalog.ALL, ids=lambda entry: entry.key)


@every_entry
def test_every_entry_is_complete(entry: ModelEntry) -> None:
    assert entry.label
    assert entry.note
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", entry.repository)
    assert entry.file.endswith(".gguf")
    assert entry.licence_url.startswith("https://")
    assert entry.revision is None or re.fullmatch("[0-9a-f]{40}", entry.revision)
    assert entry.sha256 is None or re.fullmatch("[0-9a-f]{64}", entry.sha256)
    assert (entry.sha256 is None) == (entry.size_bytes is None)  # known together or not at all
    assert entry.sha256 is None or entry.revision is not None
    assert catalog.entry_by_key(entry.key) is entry
    assert catalog.entry_by_file_name(f"/somewhere/{entry.file}") is entry


def test_keys_and_file_names_are_unique() -> None:
    assert len({entry.key for entry in catalog.ALL}) == len({entry.file for entry in catalog.ALL}) == len(catalog.ALL)


def test_an_unknown_key_raises_key_error() -> None:
    with pytest.raises(KeyError):
        catalog.entry_by_key("gpt-6")


def test_the_published_gpt_oss_files_are_pinned() -> None:
    assert {(entry.size_bytes, entry.sha256) for entry in catalog.CHAT_MODELS} == {
        (12_109_566_624, "27cd6c432c7672cb812a92f611cf3ba7bbc35928262bb1e1253ff4ee6ae35901"),
        (12_109_566_560, "be37a636aca0fc1aae0d32325f82f6b4d21495f06823b5fbc1898ae0303e9935"),
    }


@pytest.mark.parametrize("entry", catalog.EMBEDDERS, ids=lambda entry: entry.key)
def test_every_embedder_is_recognised_by_its_file_name_alone(tmp_path: Path, entry: catalog.EmbedderEntry) -> None:
    path = tmp_path / entry.file.replace("Q8_0", "F16")
    architecture, length = entry.architecture, entry.dimension
    path.write_bytes(gguf_bytes({"general.architecture": architecture, f"{architecture}.embedding_length": length}))
    assert catalog.embedder_for(read_header(path)) is entry


@pytest.mark.parametrize("entry", catalog.RERANKERS, ids=lambda entry: entry.key)
def test_every_reranker_is_recognised_and_not_as_an_embedder(tmp_path: Path, entry: catalog.RerankerEntry) -> None:
    path = tmp_path / entry.file
    architecture = entry.architecture
    path.write_bytes(gguf_bytes({"general.architecture": architecture, f"{architecture}.embedding_length": 1024}))
    assert catalog.reranker_for(read_header(path)) is entry
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
    prefixes = {entry.key: (entry.query_prefix, entry.passage_prefix) for entry in catalog.EMBEDDERS}
    assert prefixes["embeddinggemma-300m"] == ("task: search result | query: ", "title: none | text: ")
    assert prefixes["nomic-embed-text-v1.5"] == ("search_query: ", "search_document: ")
    assert prefixes["qwen3-embedding-0.6b"][0].endswith("\nQuery:")
    assert prefixes["all-minilm-l6-v2"] == prefixes["bge-m3"] == ("", "")
