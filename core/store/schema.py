"""The tables in SQL, as each migration created them (core.store.migrations)."""

from __future__ import annotations

LIBRARY = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What the person added. Folders never lie inside one another. Paths are the bytes of the file system (os.fsencode).
-- `removed_s` is set while a removal is under way; one that was interrupted is finished later.
CREATE TABLE folders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path BLOB NOT NULL UNIQUE,
    added_s REAL NOT NULL,
    removed_s REAL
);

-- `pending` is the queue: 1 while the file has to be read. `modified_ns` and `size_bytes` are those of the file when
-- it was last read, `checked_ns` when that was. `context` is what the keyword index holds of the document in every
-- passage, as it was given to it. `pages` and `warnings` are JSON.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    path BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'indexed', 'skipped')),
    pending INTEGER NOT NULL DEFAULT 1,
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    context TEXT NOT NULL DEFAULT '',
    format TEXT NOT NULL DEFAULT '',
    size_bytes INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    checked_ns INTEGER NOT NULL DEFAULT 0,
    content_hash BLOB,
    text_length INTEGER NOT NULL DEFAULT 0,
    pages TEXT NOT NULL DEFAULT '',
    page_count INTEGER,
    warnings TEXT NOT NULL DEFAULT '',
    passage_count INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX documents_by_folder ON documents (folder_id, state, passage_count);
CREATE INDEX documents_by_content ON documents (content_hash) WHERE content_hash IS NOT NULL;
CREATE INDEX documents_pending ON documents (id) WHERE pending;

-- A document's extracted text in compressed pieces, so that a passage is read without the rest.
CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (document_id, start)
);

-- `content_hash` covers everything that is embedded; ids are never used again, for the vector store is keyed by them.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    page INTEGER,
    section TEXT NOT NULL,
    content_hash BLOB NOT NULL
);
CREATE INDEX chunks_by_document ON chunks (document_id, ordinal);
CREATE INDEX chunks_by_content ON chunks (content_hash);

-- Terms (core.text.tokenizer) separated by spaces; keeps no copy of them, so a row is deleted by giving them again.
CREATE VIRTUAL TABLE keywords USING fts5 (
    context, section, body, content = '',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co Cn Cs Cf'"
);

-- `embedded_through`: every chunk up to this id has its vector. `generation` names the collection that holds them;
-- chunk_vectors up to `pushed_through` are in it, those up to `pushing_through` may be.
CREATE TABLE embedders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint TEXT NOT NULL UNIQUE,
    dimension INTEGER NOT NULL,
    generation TEXT NOT NULL DEFAULT '',
    embedded_through INTEGER NOT NULL DEFAULT 0,
    pushing_through INTEGER NOT NULL DEFAULT 0,
    pushed_through INTEGER NOT NULL DEFAULT 0
);

-- Half-precision unit vectors, little-endian.
CREATE TABLE chunk_vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chunk_id INTEGER NOT NULL REFERENCES chunks (id) ON DELETE CASCADE,
    embedder_id INTEGER NOT NULL REFERENCES embedders (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    UNIQUE (chunk_id, embedder_id)
);

-- What the vector store still holds and must forget.
CREATE TABLE vector_deletions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    embedder_id INTEGER NOT NULL,
    chunk_id INTEGER NOT NULL
);
CREATE TRIGGER vector_deleted AFTER DELETE ON chunk_vectors BEGIN
    INSERT INTO vector_deletions (embedder_id, chunk_id) SELECT old.embedder_id, old.chunk_id
    FROM embedders WHERE id = old.embedder_id AND old.id <= pushing_through;
END;

CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    created_s REAL NOT NULL,
    updated_s REAL NOT NULL,
    deleted_s REAL
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    role TEXT NOT NULL,
    body TEXT NOT NULL,
    created_s REAL NOT NULL,
    UNIQUE (conversation_id, ordinal)
);
"""

SURVEYS = """
-- A question put to every document of a selection; a row is stored as soon as its document has been read.
CREATE TABLE surveys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    question TEXT NOT NULL,
    created_s REAL NOT NULL,
    summary TEXT NOT NULL DEFAULT ''
);
CREATE TABLE survey_rows (
    survey_id INTEGER NOT NULL REFERENCES surveys (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    document_id INTEGER REFERENCES documents (id) ON DELETE SET NULL,
    path BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'read', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    findings TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (survey_id, ordinal)
) WITHOUT ROWID;
CREATE INDEX survey_rows_by_document ON survey_rows (document_id);
"""

SCOPES_AND_SPEEDS = """
-- What a conversation looks into, as JSON (core.store.conversations.conversations); empty for the whole library.
ALTER TABLE conversations ADD COLUMN scope TEXT NOT NULL DEFAULT '';

-- How fast a model was on this machine the last time; `model` is the name and size of its file.
CREATE TABLE speeds (
    model TEXT PRIMARY KEY,
    prefill_tokens_s REAL NOT NULL,
    decode_tokens_s REAL NOT NULL,
    measured_s REAL NOT NULL
) WITHOUT ROWID;

-- `settings` is JSON (core.survey.store). A long document is read in parts: `place` is how far, as an offset into its
-- text, `length` that of the whole text, `parts` and `failed_parts` how many parts were read and failed.
ALTER TABLE surveys ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE survey_rows ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE survey_rows ADD COLUMN length INTEGER NOT NULL DEFAULT 0;
ALTER TABLE survey_rows ADD COLUMN parts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE survey_rows ADD COLUMN failed_parts INTEGER NOT NULL DEFAULT 0;
"""

IN_HAND = """
-- Files that are being read right now (parse_crash_log.py). What is left here after a start was being read when the
-- program ended; `deaths` counts how often it ended while this file was read alone.
CREATE TABLE in_hand (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    alone INTEGER NOT NULL,
    deaths INTEGER NOT NULL DEFAULT 0
);
"""

PICTURES = """
-- `pictures` counts a document's pages that are pictures and wait for text recognition, `recognised` those it has read.
-- `problem` is why a file was skipped, in a word that stays the same in every language (core.parsing.faults).
ALTER TABLE documents ADD COLUMN pictures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN recognised INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN problem TEXT NOT NULL DEFAULT '';
CREATE INDEX documents_with_pictures ON documents (id) WHERE pictures;
CREATE INDEX documents_recognised ON documents (id) WHERE recognised;
UPDATE documents SET pending = 1, content_hash = NULL WHERE state = 'skipped' OR (warnings <> '' AND format = 'pdf');
"""

PAGE_WORDS = """
-- Words recognised in pictures of documents that still have some to be read (core.store.documents.ocr_cache).
CREATE TABLE page_words (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    page INTEGER NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (document_id, page)
) WITHOUT ROWID;
"""

SHEET_ROWS = """
-- Lines of a spreadsheet's text that are rows of a sheet, in runs (core.domain.sheet_cells): from `start` to `end`, the
-- first is row `row`, their cells stand in `columns` ("1-6,9").
CREATE TABLE sheet_rows (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    row INTEGER NOT NULL,
    columns TEXT NOT NULL,
    PRIMARY KEY (document_id, start)
) WITHOUT ROWID;
"""

LOOKS = """
-- What a folder looked like when all of it was settled (scan_digests.py): a digest of its files' paths, sizes and
-- times of change. It goes as soon as anything that it was compared with is different.
CREATE TABLE looks (
    folder_id INTEGER PRIMARY KEY REFERENCES folders (id) ON DELETE CASCADE,
    digest BLOB NOT NULL
);
CREATE TRIGGER looks_after_insert AFTER INSERT ON documents BEGIN
    DELETE FROM looks WHERE folder_id = new.folder_id;
END;
CREATE TRIGGER looks_after_delete AFTER DELETE ON documents BEGIN
    DELETE FROM looks WHERE folder_id = old.folder_id;
END;
CREATE TRIGGER looks_after_update
AFTER UPDATE OF folder_id, path, pending, size_bytes, modified_ns, checked_ns ON documents BEGIN
    DELETE FROM looks WHERE folder_id IN (old.folder_id, new.folder_id);
END;
"""

EMBEDDING_IN_HAND = """
-- Passages that are being embedded right now (embedding_crash_log.py), by the embedder's fingerprint and the
-- hash of what is embedded. What is left here after a start is a `suspect`; `deaths` counts how often the program ended
-- while it was embedded `alone`.
CREATE TABLE embedding_in_hand (
    fingerprint TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    alone INTEGER NOT NULL,
    suspect INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (fingerprint, content_hash)
) WITHOUT ROWID;
"""

FOLDER_NOTES = """
-- Places of a folder beside its documents (folder_notes.py): `reason` is why one could not be looked into the
-- last time, `drive` is 1 where a file system of its own was mounted that held documents, 2 since it is not any more.
CREATE TABLE folder_notes (
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    drive INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (folder_id, path)
) WITHOUT ROWID;
-- An indexed document with a reason is what it was when it could be read.
CREATE INDEX documents_kept ON documents (id) WHERE reason <> '' AND state = 'indexed';
"""

TERMS_DIGEST = """
-- Digest of the search terms that a parser process gave for the passage; NULL where the application computed them.
ALTER TABLE chunks ADD COLUMN terms_digest BLOB;
"""

RECOGNISED_IN = """
-- The languages in which a document's scanned pages were read ("deu+fra"), or were tried; empty where nobody noted it.
ALTER TABLE documents ADD COLUMN recognised_in TEXT NOT NULL DEFAULT '';
"""

TO_ERASE = """
-- Earlier versions left bytes of deleted rows in the vector store's file and in this one: both are rewritten once.
INSERT OR REPLACE INTO meta (key, value) SELECT 'vectors_to_scrub', '1' WHERE EXISTS (SELECT 1 FROM folders);
INSERT OR REPLACE INTO meta (key, value) SELECT 'library_to_rewrite', '1'
WHERE EXISTS (SELECT 1 FROM folders) OR EXISTS (SELECT 1 FROM conversations);
"""
