"""The composition root: opens a data directory and composes the services. Window, command line and tests start here."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from core.chat.context import ContextGatherer
from core.chat.model_access import ChatModelAccess
from core.chat.tools.document_tools import DocumentAccess
from core.chat.turn import Chat
from core.chunking.chunker import cut_document
from core.data_dir import DataDir, default_data_dir
from core.domain.faults import Fault
from core.encryption.control import LibraryEncryption
from core.encryption.keychain import Keychain, SystemKeychain
from core.encryption.opening import open_library_key
from core.encryption.sealing import SealedFiles
from core.engines.engines import Engines
from core.engines.model_registry import ModelRegistry
from core.guide import guide_folder
from core.i18n import ngettext
from core.jobs import Job
from core.library.embedder_migration import EmbedderMigration, use_next_embedder
from core.library.library import Library
from core.library.ocr_language_change import OcrLanguageChange
from core.library.power_and_heat import PowerMonitor
from core.library.rules import LibraryRules
from core.library.throttle import Throttle
from core.parsing.process.passwords import Passwords
from core.parsing.process.pool import ParserPool
from core.recovery.backups import Backups
from core.recovery.inspection import Damage, inspect, mend_in_place
from core.recovery.opening import open_database
from core.retrieval.phrase_search import PhraseSearch
from core.retrieval.retriever import Retriever
from core.settings import SettingsStore
from core.store.conversations.conversations import Conversations
from core.store.conversations.model_speeds import Speeds
from core.store.database import Database, DatabaseDamaged, damaged
from core.store.documents.damage import take_set_aside
from core.store.documents.scopes import Scopes
from core.store.documents.sections import Sections
from core.store.file_rewriting import rewrite_if_marked
from core.store.vectors.index import VectorIndex
from core.store.vectors.memory_store import MemoryStore
from core.store.vectors.open_store import open_store
from core.survey.store import SurveyStore
from core.survey.survey import Surveys
from models.conversation import Sampling
from models.loading.crash_log import LoadCrashLog

__all__ = ["Workspace", "default_data_dir"]

log = logging.getLogger(__name__)


class Workspace:
    """The services of one data directory. Each says from which thread it may be called; `close` ends them."""

    def __init__(
        self,
        data_dir: DataDir,
        database: Database,
        *,
        model: Path | None,
        embedder: Path | None,
        sampling: Sampling,
        key: bytes | None,
        keychain: Keychain,
    ) -> None:
        self.data_dir = data_dir
        self.encryption = LibraryEncryption(data_dir, key, keychain)
        self.database = database
        self.settings = SettingsStore(data_dir.settings_file)
        crash_log = LoadCrashLog(data_dir.cache)
        self.model_registry = ModelRegistry(data_dir.models, self.settings, crash_log, model, embedder)
        sealing = None if key is None else SealedFiles(key)
        self.engines = Engines(self.model_registry, self.settings, data_dir.cache, crash_log, sealing)
        self.throttle = Throttle(
            PowerMonitor(lambda: self.settings.current.on_battery), paused=self.settings.current.paused
        )
        self.vectors = VectorIndex(database, data_dir.vectors, open_store if key is None else MemoryStore.open)
        self._parsers: ParserPool | None = None
        self.passwords = Passwords()
        self.library = Library(
            database,
            parser_pool=self._parser_pool,
            embedder=self.engines.embedder,
            vectors=self.vectors,
            throttle=self.throttle,
            rules=lambda: LibraryRules.of(self.settings.current, data_dir.path),
            next_embedder=self.engines.next_embedder,
            use_next_embedder=lambda: use_next_embedder(self.settings),
            forget_derived=self.engines.forget_saved_kv,
        )
        self.embedder_migration = EmbedderMigration(self.settings, self.engines, self.library, self.vectors)
        self.ocr_language_change = OcrLanguageChange(database, self.library.ocr_languages)
        self.retriever = Retriever(database, self.vectors, self.engines.embedder, self.engines.reranker)
        self.conversations = Conversations(database, self.engines.conversation_deleted)
        self.scopes = Scopes(database)
        self.model_speeds = Speeds(database)
        self.chat = Chat(
            self.conversations,
            ContextGatherer(self.scopes, Sections(database), self.retriever),
            DocumentAccess(self.library, self.scopes, self.retriever, PhraseSearch(database)),
            ChatModelAccess(self.engines.chat_model, self.engines.chat_key, self.model_speeds),
            self.throttle,
            self.settings,
            sampling,
        )
        self.surveys = Surveys(
            SurveyStore(database),
            self.library,
            self.scopes,
            lambda job: self.engines.chat_model(job.report, job.cancel),
            lambda: self.model_speeds.of(self.engines.chat_key()),
            self.throttle,
            sampling,
        )
        self._given = (model, embedder)
        self._backups = Backups(data_dir.path, key)
        self._notices: list[str] = []
        self._closed = False

    @classmethod
    def open(
        cls,
        data_dir: Path | None = None,
        *,
        model: Path | None = None,
        embedder: Path | None = None,
        sampling: Sampling | None = None,
        passphrase: str | None = None,
        keychain: Keychain | None = None,
        job: Job | None = None,
    ) -> Workspace:
        """Open the data directory, creating it if needed; `model` and `embedder` replace the chosen ones.

        Loads no model and starts no process. A damaged database is replaced by what can be read of it, which takes as
        long as reading it, and encryption is turned on or off if that was put off to this start (`job` reports both).
        Raises `WorkspaceFault` (`LockedFault` if a `passphrase` is needed) or `StorageFault`.
        """
        started_s = time.monotonic()
        opened = DataDir(data_dir or default_data_dir())
        sampling = sampling or Sampling()
        try:
            keychain = keychain or SystemKeychain()
            key = open_library_key(opened, passphrase, keychain, job or Job())
            try:
                workspace = cls._open(opened, key, keychain, model, embedder, sampling, job or Job())
            except DatabaseDamaged:  # it is marked as damaged now, and replaced
                workspace = cls._open(opened, key, keychain, model, embedder, sampling, job or Job())
        except BaseException:
            opened.close()
            raise
        log.info("workspace opened in %.0f ms", 1000 * (time.monotonic() - started_s))
        return workspace

    @classmethod
    def _open(
        cls,
        opened: DataDir,
        key: bytes | None,
        keychain: Keychain,
        model: Path | None,
        embedder: Path | None,
        sampling: Sampling,
        job: Job,
    ) -> Workspace:
        database, notice = open_database(opened.database_file, Backups(opened.path, key), job, key)
        try:
            workspace = cls(
                opened, database, model=model, embedder=embedder, sampling=sampling, key=key, keychain=keychain
            )
            if notice:
                workspace._notices.append(notice)
                workspace.library.finish_interrupted_work(job)  # so that keywords are found at once
            workspace.conversations.purge_deleted()
            workspace.engines.keep_saved_kv_of(summary.id for summary in workspace.conversations.list())
        except BaseException:
            database.close()
            raise
        return workspace

    def take_notices(self) -> list[str]:
        """What the person has to be told once about damage that was found and mended."""
        notices, self._notices = self._notices, []
        if documents := take_set_aside(self.database):
            notices.append(
                ngettext(
                    "What was stored of {n} document was damaged on the disk; it is read again from its file.",
                    "What was stored of {n} documents was damaged on the disk; they are read again from their files.",
                    documents,
                )
            )
        return notices

    def inspect(self, job: Job) -> Damage:
        """Look through everything that is stored for damage; writes nothing."""
        return inspect(self.database, job)

    def mend(self, job: Job) -> bool:
        """Look for damage and mend it; whether there was any. Raises `DatabaseDamaged` if the database must be closed
        and opened again for that."""
        damage = inspect(self.database, job)
        if damage.structure:
            raise damaged(self.data_dir.database_file)
        mend_in_place(self.database, damage, self._backups)
        if damage:
            self.library.finish_interrupted_work(job)
        return bool(damage)

    def require_given_models(self) -> None:
        """Raise the fault of a model file that was given on the command line and cannot be used."""
        statuses = (self.model_registry.chat_model, self.model_registry.embedder)
        for given, status in zip(self._given, statuses, strict=True):
            if given is not None and (fault := status().fault) is not None:
                raise fault

    def embedded_passages(self) -> int:
        """How many passages vector search covers with the current embedding model, which is opened for it."""
        embedder = self.engines.embedder()
        return self.vectors.count(embedder.spec.fingerprint) if embedder else 0

    def guide(self) -> Path:
        """The folder of the user guide in the person's language, to be added as any other folder."""
        return guide_folder()

    def close(self) -> None:
        """End all services and release the data directory. Cancel running jobs first, through their tokens. Closing it
        again does nothing."""
        if self._closed:
            return
        self._closed = True
        parsers = [self._parsers.close] if self._parsers is not None else []
        for end in (
            *parsers,
            self._finish_removals,
            self.vectors.close,
            self.engines.close,
            self._back_up,
            self.database.close,
        ):
            try:
                end()
            except (Fault, OSError) as error:  # the rest must still be closed
                log.error("closing: %s", type(error).__name__)
        self.data_dir.close()

    def _finish_removals(self) -> None:
        self.library.finish_removals(Job(), if_quick=True)

    def _back_up(self) -> None:
        self.conversations.purge_deleted()
        rewrite_if_marked(self.database)
        self._backups.make(self.database)

    def _parser_pool(self) -> ParserPool:
        """The parser processes, started by the first use: one for each core but one, which is left to the window."""
        if self._parsers is None:
            self._parsers = ParserPool(max(1, (os.cpu_count() or 2) - 1), passwords=self.passwords, cutter=cut_document)
        return self._parsers
