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
from core.store.documents.contents import SCRUB_KEY, rebuild_keywords
from core.store.keywords import index as keyword_index
from models.progress import Progress

log = logging.getLogger(__name__)

VERSION_KEY = "keywords_version"
READ_AS_KEY = "read_as"
DOCUMENTS_PER_STEP = 50


class Upkeep:
    """Runs on the index worker in small steps; stopping between any two is safe."""

    def __init__(self, database: Database, throttle: Throttle) -> None:
        self._database = database
        self._throttle = throttle

    def scrub(self, job: Job) -> None:
        """Rewrite the keyword index until no deleted term is left, then empty the journal and shrink the file."""
        if self._value(SCRUB_KEY) == "":
            return
        more = True
        while more:
            self._throttle.wait_while_paused(job.cancel)
            with self._database.write() as connection:
                more = keyword_index.merge_step(connection)
                if not more:
                    key_values.drop_value(connection, SCRUB_KEY)
        self._database.give_back_space()
        self._database.checkpoint()

    def clear_outdated_keywords(self) -> None:
        """Empty the keyword index if the tokenizer has changed since it was built, before any other use: nothing can be
        deleted from it any more. `refill_keywords` fills it again."""
        if self._value(VERSION_KEY) == keyword_index.VERSION:
            return
        with self._database.write() as connection:
            (documents,) = connection.execute("SELECT COUNT(*) FROM documents WHERE passage_count > 0").fetchone()
            if documents:
                log.info("the keyword index is made anew")
                keyword_index.clear(connection)
                key_values.put_value(connection, keyword_index.RENEWED_KEY, "0")
            key_values.put_value(connection, VERSION_KEY, keyword_index.VERSION)

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
        through = self._value(keyword_index.RENEWED_KEY)
        while through:
            self._throttle.wait_while_paused(job.cancel)
            through = self._refill_step(int(through), job)

    def _refill_step(self, through: int, job: Job) -> str:
        with self._database.write() as connection:
            rows = connection.execute(
                "SELECT id FROM documents WHERE id > ? AND passage_count > 0 ORDER BY id LIMIT ?",
                (through, DOCUMENTS_PER_STEP),
            ).fetchall()
            rebuild_keywords(connection, (document_id for (document_id,) in rows))
            if not rows:
                key_values.drop_value(connection, keyword_index.RENEWED_KEY)
                return ""
            through = rows[-1][0]
            key_values.put_value(connection, keyword_index.RENEWED_KEY, str(through))
        job.report(Progress(through, 0, "files"))
        return str(through)

    def _value(self, key: str) -> str:
        with self._database.read() as connection:
            return key_values.value_of(connection, key) or ""
