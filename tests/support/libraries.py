"""A library on real parts in a folder of a test: database, parser processes, Milvus Lite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.domain.documents import IndexReport
from core.jobs import Job
from core.library.embedding import PassageEmbedder
from core.library.library import Library
from core.library.rules import LibraryRules
from core.library.throttle import Throttle
from core.parsing.process.pool import ParserPool
from core.store.database import Database
from core.store.vectors.index import VectorIndex
from models.embedder import Embedder


@dataclass(frozen=True, slots=True)
class OpenLibrary:
    """The parts, for a test to look into."""

    library: Library
    database: Database
    vectors: VectorIndex
    throttle: Throttle

    def index(self, *paths: Path) -> IndexReport:
        return self.library.index(list(paths) or None, Job())


@contextmanager
def open_library(
    data_dir: Path,
    pool: ParserPool,
    embedder: Callable[[], PassageEmbedder | None] = lambda: None,
    *,
    rules: Callable[[], LibraryRules] = LibraryRules,
    next_embedder: Callable[[], PassageEmbedder | None] = lambda: None,
    use_next_embedder: Callable[[], None] = lambda: None,
) -> Iterator[OpenLibrary]:
    """As the workspace opens it; everything is closed at the end, the vector store's process too."""
    with Database(data_dir / "library.db") as database:
        vectors = VectorIndex(database, data_dir / "vectors")
        throttle = Throttle()
        try:
            library = Library(
                database,
                parser_pool=lambda: pool,
                embedder=embedder,
                vectors=vectors,
                throttle=throttle,
                rules=rules,
                next_embedder=next_embedder,
                use_next_embedder=use_next_embedder,
            )
            yield OpenLibrary(library, database, vectors, throttle)
        finally:
            vectors.close()


@contextmanager
def minilm(path: Path) -> Iterator[Embedder]:
    """The real all-MiniLM-L6-v2."""
    embedder = Embedder.open(path)
    try:
        yield embedder
    finally:
        embedder.close()


# One statement per part of what a person can find; ids differ between libraries, everything else must not.
_CONTENT = """
SELECT d.path, d.state, d.reason, d.title, d.context, d.format, d.size_bytes, d.text_length, d.pages, d.passage_count,
       d.problem, d.pictures, d.recognised,
       c.ordinal, c.start, c."end", c.page, c.section, c.content_hash,
       (SELECT COUNT(*) FROM chunk_vectors v WHERE v.chunk_id = c.id)
FROM documents d LEFT JOIN chunks c ON c.document_id = d.id ORDER BY d.path, c.ordinal
"""


def content_of(database: Database) -> list[tuple[object, ...]]:
    """Everything stored of the documents but ids and times, to compare two libraries."""
    from core.store.documents.texts import whole_text

    with database.read() as connection:
        rows = connection.execute(_CONTENT).fetchall()
        texts = [
            (path, whole_text(connection, document_id))
            for document_id, path in connection.execute("SELECT id, path FROM documents ORDER BY path").fetchall()
        ]
        cells = connection.execute(
            'SELECT d.path, r.start, r."end", r.row, r.columns FROM sheet_rows r '
            "LEFT JOIN documents d ON d.id = r.document_id ORDER BY d.path, r.start"
        ).fetchall()
    return [*rows, *texts, *cells]


def keyword_rows(database: Database) -> list[tuple[object, ...]]:
    """Every term of the keyword index with where it stands, by document and passage instead of id."""
    with database.write() as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, keywords, instance)")
        try:
            rows = connection.execute(
                "SELECT t.term, d.path, c.ordinal, t.col, t.offset FROM temp.terms t "
                "LEFT JOIN chunks c ON c.id = t.doc LEFT JOIN documents d ON d.id = c.document_id "
                "ORDER BY 1, 2, 3, 4, 5"
            ).fetchall()
        finally:
            connection.execute("DROP TABLE temp.terms")
    return rows
