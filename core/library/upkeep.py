"""Maintains the database: deleted words leave the disk, and stored data follows new versions of tokenizer and
readers."""

from __future__ import annotations

import json
import logging

from core.domain.file_formats import LABELS, READ_AS
from core.jobs import Job
from core.library.throttle import Throttle
from core.parsing.faults import ParseProblem
from core.store import key_values
from core.store.database import Database
from core.store.documents.contents import rebuild_keywords
from core.store.documents.damage import from_the_rest
from core.store.documents.passage_changes import SCRUB_KEY, STEP_PASSAGES
from core.store.keywords import index as keyword_index
from models.progress import Progress

log = logging.getLogger(__name__)

READ_AS_KEY = "read_as"


class Upkeep:
    """Runs on the index worker in small steps; stopping between any two is safe."""

    def __init__(self, database: Database, throttle: Throttle) -> None:
        self._database = database
        self._throttle = throttle

    def needs_scrubbing(self) -> bool:
        """Whether the keyword index may keep deleted terms."""
        return self._value(SCRUB_KEY) != ""

    def scrub(self, job: Job, *, at_once: bool = False) -> None:
        """Rewrite the keyword index until no deleted term is left, then empty the journal and shrink the file.
        `at_once` does not wait while indexing is paused."""
        if not self.needs_scrubbing():
            return
        more = True
        while more:
            job.check()
            if not at_once:
                self._throttle.wait_while_paused(job.cancel)
            with self._database.write() as connection:
                more = keyword_index.merge_step(connection)
        self._database.give_back_space()
        if self._database.checkpoint():
            with self._database.write() as connection:
                key_values.drop_value(connection, SCRUB_KEY)

    def clear_outdated_keywords(self) -> None:
        """Empty the keyword index if the tokenizer has changed since it was built, before any other use: nothing can be
        deleted from it any more. `refill_keywords` fills it again."""
        if self._value(keyword_index.VERSION_KEY) == keyword_index.VERSION:
            self._finish_refilling_document()
            return
        with self._database.write() as connection:
            (documents,) = connection.execute("SELECT COUNT(*) FROM documents WHERE passage_count > 0").fetchone()
            if documents:
                log.info("the keyword index is made anew")
                keyword_index.start_over(connection)
            key_values.put_value(connection, keyword_index.VERSION_KEY, keyword_index.VERSION)

    def queue_outdated_documents(self) -> None:
        """Queue the documents whose format has a newer reader than when they were parsed. It costs parsing alone:
        unchanged passages keep their vectors."""
        before = self._value(READ_AS_KEY)
        now = json.dumps(READ_AS, sort_keys=True)
        if before == now:
            return
        known = json.loads(before) if before else {}
        changed = [format for format, number in READ_AS.items() if number > known.get(format, 1)]
        with self._database.write() as connection:
            for format in changed:
                connection.execute(
                    "UPDATE documents SET pending = 1, content_hash = NULL WHERE (state = 'indexed' AND format = ?) "
                    "OR (state = 'skipped' AND problem = ? AND format = ?)",
                    (format, ParseProblem.EMPTY.value, LABELS[format]),
                )
            key_values.put_value(connection, READ_AS_KEY, now)
        if changed:
            log.info("read anew: %s", ", ".join(changed))

    def refill_keywords(self, job: Job) -> None:
        """Continue to fill an emptied keyword index."""
        while self._value(keyword_index.RENEWED_KEY):
            self._throttle.wait_while_paused(job.cancel)
            self._refill_step()
            self._finish_refilling_document()
            job.report(Progress(int(self._value(keyword_index.RENEWED_KEY) or 0), 0, "files"))

    def _finish_refilling_document(self) -> None:
        """Add what is left of a long document of which some passages are in the index already: nothing else may change
        it before it is all there."""
        while self._value(keyword_index.RENEWED_PART_KEY):
            self._refill_step()

    def _refill_step(self) -> None:
        from_the_rest(self._database, self._refill_once)

    def _refill_once(self) -> None:
        """Add about as many passages as one transaction should."""
        left = STEP_PASSAGES
        with self._database.write() as connection:
            through = int(key_values.value_of(connection, keyword_index.RENEWED_KEY) or 0)
            first = int(key_values.value_of(connection, keyword_index.RENEWED_PART_KEY) or 0)
            while left > 0:
                row = connection.execute(
                    "SELECT id FROM documents WHERE id > ? AND passage_count > 0 ORDER BY id LIMIT 1", (through,)
                ).fetchone()
                if row is None:
                    key_values.drop_value(connection, keyword_index.RENEWED_KEY)
                    return
                added, complete = rebuild_keywords(connection, row[0], first, left)
                left -= added + 1
                first = 0 if complete else first + added
                through = row[0] if complete else through
            key_values.put_value(connection, keyword_index.RENEWED_KEY, str(through))
            if first:
                key_values.put_value(connection, keyword_index.RENEWED_PART_KEY, str(first))
            else:
                key_values.drop_value(connection, keyword_index.RENEWED_PART_KEY)

    def _value(self, key: str) -> str:
        with self._database.read() as connection:
            return key_values.value_of(connection, key) or ""
