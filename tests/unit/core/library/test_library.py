"""The library follows the disk: what is added, edited, renamed and removed, exactly as a fresh index has it."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import wrap

import pytest

from core.domain.documents import DocumentState, IndexReport
from core.jobs import Job
from core.library.rules import MIB, LibraryRules
from core.library.scan import ScanRules
from core.parsing.process.pool import ParserPool
from core.store.documents.contents import ContentStore
from core.store.documents.texts import spans
from core.store.keywords import index as keyword_index
from core.text.tokenizer import terms
from models.cancel import CancelToken
from models.embedder import Embedder
from models.faults import Cancelled
from models.progress import Progress
from tests.support.documents import Words, write_pdf
from tests.support.libraries import OpenLibrary, content_of, keyword_rows, minilm, open_library
from tests.support.permissions import as_a_person

OLD_NS = 10**9 * 1_700_000_000


@pytest.fixture(scope="module")
def embedder(minilm_gguf: Path) -> Iterator[Embedder]:
    with minilm(minilm_gguf) as embedder:
        yield embedder


@pytest.fixture
def fresh(tmp_path: Path, pool: ParserPool) -> Callable[[], AbstractContextManager[OpenLibrary]]:
    return lambda: open_library(tmp_path / "fresh", pool)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    put(folder / "apples.md", "# Apples\n\nApples grow on trees.\n\n# Pears\n\nPears do too.\n")
    put(folder / "sub" / "cats.txt", "Cats sleep all day.")
    put(folder / "sub" / "dogs.html", "<html><title>Dogs</title><body><p>Dogs bark at night.</p></body></html>")
    return folder


def put(path: Path, text: str, *, age_s: int = 100) -> None:
    """Write `path` with a time of change `age_s` ago, by default long enough to count as settled."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    changed_ns = time.time_ns() - age_s * 10**9
    os.utime(path, ns=(changed_ns, changed_ns))


def counts_of(report: IndexReport) -> tuple[int, int, int, int]:
    """Documents, and of them indexed, unchanged and removed ones."""
    return report.documents, report.indexed, report.unchanged, report.removed


def found(opened: OpenLibrary, question: str) -> set[str]:
    """The names of the documents that keyword search finds."""
    with opened.database.read() as connection:
        hits = keyword_index.search(connection, keyword_index.any_of(terms(question)), 50)
        ids = ",".join(str(chunk_id) for chunk_id, _ in hits)
        rows = connection.execute(
            f"SELECT d.path FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id IN ({ids})"
        ).fetchall()
    return {os.fsdecode(os.path.basename(path)) for (path,) in rows}


def test_a_folder_is_indexed_and_found_by_its_words(opened: OpenLibrary, folder: Path) -> None:
    report = opened.index(folder)
    assert counts_of(report) == (3, 3, 0, 0)
    assert report.skipped == ()
    assert report.passages == opened.library.counts().passages > 0
    assert found(opened, "barking dogs") == {"dogs.html"}
    titles = {document.path.name: document.title for document in opened.library.documents()}
    assert titles == {"apples.md": "Apples", "cats.txt": "cats", "dogs.html": "Dogs"}


def test_indexing_again_parses_nothing(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    before = content_of(opened.database)
    for _ in range(2):
        assert counts_of(opened.index(folder)) == (3, 0, 3, 0)
    assert content_of(opened.database) == before
    assert len(opened.library.folders()) == 1


def test_an_edited_file_is_parsed_again(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    put(folder / "sub" / "cats.txt", "Cats hunt mice.", age_s=50)
    assert counts_of(opened.index(folder)) == (3, 1, 2, 0)
    assert found(opened, "sleep") == set()
    assert found(opened, "mice") == {"cats.txt"}


def test_an_edit_within_the_same_instant_is_not_missed(opened: OpenLibrary, folder: Path) -> None:
    cats = folder / "sub" / "cats.txt"
    put(cats, "Cats sleep all day.", age_s=0)
    changed_ns = cats.stat().st_mtime_ns
    opened.index(folder)
    cats.write_text("Cats hunt all day.x"[: len("Cats sleep all day.")])
    os.utime(cats, ns=(changed_ns, changed_ns))
    opened.index(folder)
    assert found(opened, "hunt") == {"cats.txt"}


def test_a_touched_file_is_not_parsed_again(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    put(folder / "sub" / "cats.txt", "Cats sleep all day.", age_s=10)
    assert counts_of(opened.index(folder)) == (3, 0, 3, 0)


def test_a_removed_file_disappears_with_its_words(opened: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    put(folder / "secret.txt", "The word is Xylophonquark.")
    opened.index(folder)
    opened.database.checkpoint()
    assert b"ylophonquark" in (tmp_path / "data" / "library.db").read_bytes()
    (folder / "secret.txt").unlink()
    assert counts_of(opened.index(folder)) == (3, 0, 3, 1)
    assert found(opened, "xylophonquark") == set()
    disk = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("library.db*"))
    assert b"ylophonquark" not in disk
    assert b"secret.txt" not in disk


@pytest.mark.parametrize("new_path", ["kitten.txt", "other/cats.txt", "other/kitten.txt"])
def test_a_renamed_file_is_followed(
    opened: OpenLibrary, folder: Path, new_path: str, fresh: Callable[[], AbstractContextManager[OpenLibrary]]
) -> None:
    opened.index(folder)
    before = {document.path.name: document.id for document in opened.library.documents()}
    (folder / "other").mkdir()
    (folder / "sub" / "cats.txt").rename(folder / new_path)
    assert counts_of(opened.index(folder)) == (3, 0, 3, 0)
    assert before["cats.txt"] in {document.id for document in opened.library.documents()}
    with fresh() as other:
        other.index(folder)
        assert content_of(opened.database) == content_of(other.database)
        assert keyword_rows(opened.database) == keyword_rows(other.database)


def test_files_that_swap_names_are_followed(
    opened: OpenLibrary, folder: Path, fresh: Callable[[], AbstractContextManager[OpenLibrary]]
) -> None:
    put(folder / "a.txt", "The first of two.")
    put(folder / "b.txt", "Another of three.")
    opened.index(folder)
    (folder / "a.txt").rename(folder / "c.txt")
    (folder / "b.txt").rename(folder / "a.txt")
    (folder / "c.txt").rename(folder / "b.txt")
    opened.index(folder)
    with fresh() as other:
        other.index(folder)
        assert content_of(opened.database) == content_of(other.database)
        assert keyword_rows(opened.database) == keyword_rows(other.database)


def test_a_moved_folder_is_followed(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    (folder / "sub").rename(folder / "animals")
    assert counts_of(opened.index(folder)) == (3, 0, 3, 0)
    assert found(opened, "bark") == {"dogs.html"}


def test_a_file_that_becomes_unreadable_is_left_out_with_the_reason(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    put(folder / "sub" / "cats.txt", "", age_s=50)
    report = opened.index(folder)
    assert (report.documents, [skip.path.name for skip in report.skipped]) == (2, ["cats.txt"])
    assert "empty" in report.skipped[0].reason
    assert found(opened, "sleep") == set()
    states = {document.path.name: document.state for document in opened.library.documents()}
    assert states["cats.txt"] is DocumentState.SKIPPED
    again = opened.index(folder)
    assert again.skipped == report.skipped
    put(folder / "sub" / "cats.txt", "Cats are back.", age_s=20)
    assert counts_of(opened.index(folder)) == (3, 1, 2, 0)


def test_a_document_that_was_left_out_can_be_tried_again(opened: OpenLibrary, folder: Path) -> None:
    cats = folder / "sub" / "cats.txt"
    put(cats, "")
    opened.index(folder)
    left_out = next(document for document in opened.library.documents() if document.path == cats)
    assert opened.index(folder).indexed == 0
    with opened.database.read() as connection:
        assert connection.execute("SELECT pending FROM documents WHERE id = ?", (left_out.id,)).fetchone() == (0,)
    opened.library.retry([left_out.id])
    (skipped,) = opened.index(folder).skipped
    assert "empty" in skipped.reason
    dogs = next(document for document in opened.library.documents() if document.path.name == "dogs.html")
    opened.library.retry([dogs.id])
    assert opened.index(folder).indexed == 1


def test_changed_rules_take_effect_at_the_next_run(tmp_path: Path, folder: Path, pool: ParserPool) -> None:
    rules = [LibraryRules()]
    with open_library(tmp_path / "data", pool, rules=lambda: rules[-1]) as opened:
        assert counts_of(opened.index(folder)) == (3, 3, 0, 0)
        rules.append(LibraryRules(ScanRules(patterns=("sub/",))))
        assert counts_of(opened.index(folder)) == (1, 0, 1, 2)
        assert found(opened, "cats sleep") == set()
        rules.append(LibraryRules())
        assert counts_of(opened.index(folder)) == (3, 2, 1, 0)


def test_a_file_over_the_size_limit_is_listed_until_the_limit_is_raised(
    tmp_path: Path, folder: Path, pool: ParserPool
) -> None:
    put(folder / "large.txt", "Zebras graze. " * 200_000)
    rules = [LibraryRules(largest_file_bytes=2 * MIB)]
    with open_library(tmp_path / "data", pool, rules=lambda: rules[-1]) as opened:
        report = opened.index(folder)
        assert (report.documents, [skip.path.name for skip in report.skipped]) == (3, ["large.txt"])
        assert "2 MB" in report.skipped[0].reason
        assert counts_of(opened.index(folder)) == (3, 0, 3, 0)
        rules.append(LibraryRules(largest_file_bytes=4 * MIB))
        assert counts_of(opened.index(folder)) == (4, 1, 3, 0)
        rules.append(LibraryRules(largest_file_bytes=1 * MIB))
        assert opened.index(folder).documents == 3
        assert found(opened, "zebras") == set()


def test_permission_that_comes_later_is_noticed(opened: OpenLibrary, folder: Path) -> None:
    (folder / "sub" / "cats.txt").chmod(0)
    with as_a_person():
        report = opened.index(folder)
    assert "may not be read" in report.skipped[0].reason
    (folder / "sub" / "cats.txt").chmod(0o600)
    assert counts_of(opened.index(folder)) == (3, 1, 2, 0)


def test_unsupported_files_are_listed(opened: OpenLibrary, folder: Path) -> None:
    put(folder / "film.mp4", "x")
    (skip,) = opened.index(folder).skipped
    assert skip.path == folder / "film.mp4"
    assert ".mp4" in skip.reason
    assert len(opened.library.documents()) == 3


def test_paths_that_cannot_be_added_are_skipped_with_a_reason(opened: OpenLibrary, folder: Path) -> None:
    put(folder / "film.mp4", "x")
    report = opened.index(folder / "nowhere", folder / "film.mp4")
    assert [skip.path.name for skip in report.skipped] == ["film.mp4", "nowhere"]
    assert opened.library.folders() == ()


def test_only_the_given_part_is_brought_up_to_date(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    put(folder / "apples.md", "# Quinces", age_s=50)
    put(folder / "sub" / "cats.txt", "Cats hunt mice.", age_s=50)
    (folder / "sub" / "dogs.html").unlink()
    report = opened.index(folder / "sub")
    assert counts_of(report) == (1, 1, 0, 1)
    assert found(opened, "apples") == {"apples.md"}
    assert len(opened.library.folders()) == 1


def test_one_file_may_be_added(opened: OpenLibrary, folder: Path) -> None:
    assert counts_of(opened.index(folder / "apples.md")) == (1, 1, 0, 0)
    assert counts_of(opened.index(folder)) == (3, 2, 1, 0)
    assert [each.path for each in opened.library.folders()] == [folder]


def test_a_deleted_single_file_leaves_the_library(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder / "apples.md")
    (folder / "apples.md").unlink()
    assert counts_of(opened.index(folder / "apples.md")) == (0, 0, 0, 1)


def test_a_missing_folder_keeps_its_documents(opened: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    """It may be on a disk that is not connected."""
    opened.index(folder)
    folder.rename(tmp_path / "unplugged")
    report = opened.index(folder)
    assert counts_of(report) == (3, 0, 3, 0)
    assert report.skipped[0].path == folder
    (tmp_path / "unplugged").rename(folder)
    assert opened.index(folder).skipped == ()


def test_a_folder_deleted_inside_an_added_one_leaves_the_library(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    shutil.rmtree(folder / "sub")
    assert counts_of(opened.index(folder / "sub")) == (0, 0, 0, 2)


def test_removing_a_folder_leaves_nothing(opened: OpenLibrary, folder: Path, tmp_path: Path) -> None:
    opened.index(folder)
    (only,) = opened.library.folders()
    opened.library.remove(only.id)
    assert opened.library.folders() == ()
    assert opened.library.documents() == ()
    assert keyword_rows(opened.database) == []
    disk = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("library.db*"))
    assert b"apples.md" not in disk
    assert counts_of(opened.index(folder)) == (3, 3, 0, 0)


class ProgramEnded(BaseException):
    """Stands for the end of the program: nothing that catches errors catches it."""


def test_an_interrupted_removal_is_finished_by_the_next_run(
    tmp_path: Path, folder: Path, pool: ParserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = ContentStore.delete
    deleted: list[int] = []

    def end_after_the_first(contents: ContentStore, document_id: int, folder_id: int) -> None:
        if deleted:
            raise ProgramEnded
        delete(contents, document_id, folder_id)
        deleted.append(document_id)

    with monkeypatch.context() as patch, open_library(tmp_path / "data", pool) as opened:
        opened.index(folder)
        patch.setattr(ContentStore, "delete", end_after_the_first)
        with pytest.raises(ProgramEnded):
            opened.library.remove(opened.library.folders()[0].id)
        assert len(deleted) == 1
    with open_library(tmp_path / "data", pool) as opened:
        assert opened.library.folders() == ()
        assert opened.library.documents() == ()
        assert counts_of(opened.index(folder)) == (3, 3, 0, 0)


def test_a_changed_tokenizer_rebuilds_the_keyword_index(
    tmp_path: Path, folder: Path, pool: ParserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library(tmp_path / "data", pool) as opened:
        opened.index(folder)
        before = keyword_rows(opened.database)
        with opened.database.write() as connection:
            connection.execute(
                "INSERT INTO keywords (rowid, context, section, body) VALUES (1, 'of', 'another', 'kind')"
            )
    monkeypatch.setattr(keyword_index, "VERSION", "another")
    with open_library(tmp_path / "data", pool) as opened:
        (folder / "apples.md").unlink()
        opened.index(folder)
        assert keyword_rows(opened.database) == [row for row in before if not str(row[1]).endswith("apples.md'")]


def test_vector_search_finds_other_words(tmp_path: Path, folder: Path, pool: ParserPool, embedder: Embedder) -> None:
    with open_library(tmp_path / "data", pool, lambda: embedder) as opened:
        opened.index(folder)
        assert opened.vectors.is_ready(embedder.spec.fingerprint)
        vector = embedder.embed_query("kittens are drowsy")
        ((chunk_id, _), *_) = opened.vectors.search(embedder.spec.fingerprint, vector, 3)
        with opened.database.read() as connection:
            row = connection.execute(
                "SELECT d.path FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id = ?", (chunk_id,)
            ).fetchone()
    assert row[0].endswith(b"cats.txt")


def test_a_model_added_later_embeds_what_is_indexed(
    tmp_path: Path, folder: Path, pool: ParserPool, embedder: Embedder
) -> None:
    with open_library(tmp_path / "data", pool) as opened:
        passages = opened.index(folder).passages
        assert opened.vectors.count(embedder.spec.fingerprint) == 0
    with open_library(tmp_path / "data", pool, lambda: embedder) as opened:
        opened.library.embed_missing(Job())
        assert opened.vectors.count(embedder.spec.fingerprint) == passages
        assert opened.vectors.is_ready(embedder.spec.fingerprint)


class CountingEmbedder:
    """The real embedder; counts the passages it was given."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.spec = embedder.spec
        self.count_tokens = embedder.count_tokens
        self.embedded = 0

    def embed_passages(self, texts, cancel=None):  # type: ignore[no-untyped-def]  # as in Embedder
        self.embedded += len(texts)
        return self._embedder.embed_passages(texts, cancel)


def test_only_what_changed_is_embedded_again(
    tmp_path: Path, folder: Path, pool: ParserPool, embedder: Embedder
) -> None:
    sections = [f"## Part {n}\n\n" + f"This is what part {n} says about matter {n * 7}. " * 15 for n in range(12)]
    put(folder / "long.md", "# Long\n\n" + "\n\n".join(sections))
    counting = CountingEmbedder(embedder)
    with open_library(tmp_path / "data", pool, lambda: counting) as opened:
        passages = opened.index(folder).passages
        assert counting.embedded == passages
        counting.embedded = 0
        (folder / "sub" / "cats.txt").rename(folder / "kittens.txt")
        shutil.copy(folder / "long.md", folder / "copy.md")
        opened.index(folder)
        assert counting.embedded == 0
        sections[6] += "One more sentence."
        put(folder / "long.md", "# Long\n\n" + "\n\n".join(sections), age_s=50)
        opened.index(folder)
        assert 1 <= counting.embedded <= 2
        assert opened.vectors.count(embedder.spec.fingerprint) == opened.library.counts().passages
        assert opened.vectors.is_ready(embedder.spec.fingerprint)


def test_equal_passages_are_embedded_once(tmp_path: Path, folder: Path, pool: ParserPool, embedder: Embedder) -> None:
    """Also where all of them are new: copies of a file, words that occur in each."""
    for number in range(3):
        put(folder / f"copy {number}.txt", "The same words stand in each of these files. " * 8)
    counting = CountingEmbedder(embedder)
    with open_library(tmp_path / "data", pool, lambda: counting) as opened:
        passages = opened.index(folder).passages
        assert counting.embedded == passages - 2
        assert opened.vectors.count(embedder.spec.fingerprint) == passages
        with opened.database.read() as connection:
            vectors = connection.execute(
                "SELECT COUNT(DISTINCT v.vector), COUNT(*) FROM chunk_vectors v JOIN chunks c ON c.id = v.chunk_id "
                "JOIN documents d ON d.id = c.document_id WHERE CAST(d.path AS TEXT) LIKE '%copy%'"
            ).fetchone()
        assert vectors == (1, 3)


def test_no_passage_is_longer_than_the_model_reads_at_once(
    tmp_path: Path, folder: Path, pool: ParserPool, embedder: Embedder
) -> None:
    put(folder / "digits.txt", "\n".join(f"{n * 7919:x} {n * 104729:x}; {n * 31:o}" for n in range(300)))

    def longest(opened: OpenLibrary) -> int:
        with opened.database.read() as connection:
            rows = connection.execute('SELECT document_id, start, "end" FROM chunks').fetchall()
            texts = [text for i, start, end in rows for text in spans(connection, i, [(start, end)])]
        return max(embedder.count_tokens(texts))

    with open_library(tmp_path / "without", pool) as opened:
        opened.index(folder)
        assert longest(opened) > embedder.spec.max_tokens
    with open_library(tmp_path / "with", pool, lambda: embedder) as opened:
        opened.index(folder)
        assert longest(opened) <= embedder.spec.max_tokens
        assert opened.vectors.is_ready(embedder.spec.fingerprint)


class RenamedEmbedder(CountingEmbedder):
    """The same model under another fingerprint: another embedding model, for the library."""

    def __init__(self, embedder: Embedder, fingerprint: str) -> None:
        super().__init__(embedder)
        self.spec = replace(embedder.spec, fingerprint=fingerprint)


class EmbedderReplacement:
    """Two embedding models, of which the second is to replace the first."""

    def __init__(self, embedder: Embedder) -> None:
        self.old = RenamedEmbedder(embedder, "old")
        self.new = RenamedEmbedder(embedder, "new")
        self.used: RenamedEmbedder = self.old
        self.next: RenamedEmbedder | None = None

    @contextmanager
    def library(self, data_dir: Path, pool: ParserPool) -> Iterator[OpenLibrary]:
        with open_library(
            data_dir, pool, lambda: self.used, next_embedder=lambda: self.next, use_next_embedder=self._use_next
        ) as opened:
            yield opened

    def _use_next(self) -> None:
        assert self.next is not None
        self.used, self.next = self.next, None


def test_another_embedder_replaces_the_first_once_it_has_embedded_everything(
    tmp_path: Path, folder: Path, pool: ParserPool, embedder: Embedder
) -> None:
    models = EmbedderReplacement(embedder)
    with models.library(tmp_path / "data", pool) as opened:
        passages = opened.index(folder).passages
        models.next = models.new
        assert opened.library.estimate(models.new, Job())[0] == passages
        models.new.embedded = 0
        cancel = CancelToken()

        def stop(progress: Progress) -> None:
            if progress.unit == "passages anew":
                cancel.cancel()

        with pytest.raises(Cancelled):
            opened.library.embed_missing(Job(stop, cancel))
        assert models.used is models.old
        put(folder / "geese.txt", "Geese cackle in the yard.")
        assert opened.vectors.is_ready("old")
        opened.index(folder)
        assert models.used is models.new and models.next is None
        assert models.old.embedded == models.new.embedded == passages + 1
        assert opened.vectors.count("new") == passages + 1 and opened.vectors.is_ready("new")
        assert opened.vectors.count("old") == 0 and not opened.vectors.is_ready("old")
        with opened.database.read() as connection:
            assert connection.execute("SELECT COUNT(*) FROM chunk_vectors").fetchone() == (passages + 1,)
            assert connection.execute("SELECT fingerprint FROM embedders").fetchall() == [("new",)]
            assert connection.execute("SELECT COUNT(*) FROM vector_deletions").fetchone() == (0,)
        assert opened.library.estimate(models.new, Job()) == (0, 0.0)


def test_old_vectors_are_deleted_even_after_an_interruption(
    tmp_path: Path, folder: Path, pool: ParserPool, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = EmbedderReplacement(embedder)
    with models.library(tmp_path / "data", pool) as opened:
        passages = opened.index(folder).passages
        models.next = models.new
        with monkeypatch.context() as patch:
            patch.setattr(type(opened.vectors), "forget", lambda *rest: None)
            opened.index(folder)
        assert models.used is models.new and opened.vectors.count("old") == passages
    with models.library(tmp_path / "data", pool) as opened:
        opened.index(folder)
        assert opened.vectors.count("old") == 0 and opened.vectors.count("new") == passages


def changed_passages(opened: OpenLibrary, path: Path, edit: Callable[[], None]) -> tuple[int, int]:
    """How many passages of `path` are new after `edit`, and how many it has."""

    def ids() -> set[int]:
        with opened.database.read() as connection:
            rows = connection.execute(
                "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id WHERE d.path = ?",
                (os.fsencode(path),),
            ).fetchall()
        return {row[0] for row in rows}

    opened.index(path)
    before = ids()
    edit()
    opened.index(path)
    after = ids()
    return len(after - before), len(after)


def paragraphs(count: int, words: int) -> list[str]:
    chance = random.Random(7)
    vocabulary = [f"word{n}" for n in range(4000)]
    return [" ".join(chance.choices(vocabulary, k=words)).capitalize() + "." for _ in range(count)]


def test_one_paragraph_of_a_large_markdown_file_is_few_passages(opened: OpenLibrary, tmp_path: Path) -> None:
    """One paragraph is edited, another inserted before it: at most 5 % of the passages of a megabyte are new."""
    path, text = tmp_path / "large.md", paragraphs(1400, 100)

    def write() -> None:
        put(path, "\n\n".join(f"## Part {n}\n\n{p}" if n % 20 == 0 else p for n, p in enumerate(text)))

    write()
    assert path.stat().st_size > 1_000_000

    def edit() -> None:
        text[700] += " And one more sentence that was not there before."
        text[300] = f"{text[300]} {text[301]}"
        write()

    new, total = changed_passages(opened, path, edit)
    assert total > 500 and 1 <= new <= 0.05 * total


def test_one_paragraph_of_a_pdf_of_500_pages_is_few_passages(opened: OpenLibrary, tmp_path: Path) -> None:
    """What follows the edit moves up across pages, as far as the next chapter."""
    path, text = tmp_path / "report.pdf", paragraphs(1500, 40)

    def write() -> None:
        pages: list[list[str]] = []
        for first in range(0, 1500, 50):
            lines = [line for paragraph in text[first : first + 50] for line in [*wrap(paragraph, 90), ""]]
            pages += [lines[start : start + 13] for start in range(0, len(lines), 13)]
        assert len(pages) >= 500
        write_pdf(path, [[Words(line, y=740 - 13 * n, size=10) for n, line in enumerate(page)] for page in pages])

    write()

    def edit() -> None:
        text[700] = "This paragraph is another one now. " + text[700][200:]
        write()

    new, total = changed_passages(opened, path, edit)
    assert total >= 300 and 1 <= new <= 0.05 * total
