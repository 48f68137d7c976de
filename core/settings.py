"""Settings, declared once with type, default, bounds and words; the file and the dialog follow the declaration."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from models.faults import N_

log = logging.getLogger(__name__)

SettingValue = str | int | bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A value a setting may take and the words for it (an `N_` template)."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """How the dialog shows a setting. `label`, `help`, `unit` and `group` are `N_` templates; a setting without a label
    is kept in the file but not shown. `needs_restart` is noted beside it, `zero` replaces 0, and `lines` allows several
    lines."""

    label: str
    help: str = ""
    group: str = ""
    unit: str = ""
    minimum: int = 0
    maximum: int = 0
    choices: tuple[Choice, ...] = ()
    needs_restart: bool = False
    zero: str = ""
    lines: bool = False

    def accepts(self, value: SettingValue) -> bool:
        """Whether `value` (already of the right type) is within the bounds."""
        if self.choices:
            return any(choice.value == value for choice in self.choices)
        if isinstance(value, int) and not isinstance(value, bool) and self.maximum:
            return self.minimum <= value <= self.maximum
        return True


def _setting(default: Any, label: str = "", help: str = "", **rest: Any) -> Any:
    return field(default=default, metadata={"declaration": Declaration(label, help, **rest)})


GENERAL = N_("General")
ANSWERS = N_("Answers")
DOCUMENTS = N_("Documents")
MEMORY = N_("Model and memory")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one data directory."""

    language: str = _setting(
        "",
        N_("Language"),
        N_("The language of the window. The documents and answers may be in any language."),
        group=GENERAL,
        choices=(Choice("", N_("As this computer")), Choice("en", "English"), Choice("pt_BR", "Português (Brasil)")),
        needs_restart=True,
    )
    appearance: str = _setting(
        "system",
        N_("Appearance"),
        group=GENERAL,
        choices=(Choice("system", N_("As this computer")), Choice("light", N_("Light")), Choice("dark", N_("Dark"))),
    )
    effort: str = _setting(
        "medium",
        N_("Reasoning"),
        N_("How long the model thinks before it answers. More is slower and often better."),
        group=ANSWERS,
        choices=(Choice("low", N_("Low")), Choice("medium", N_("Medium")), Choice("high", N_("High"))),
    )
    patience: str = _setting(
        "balanced",
        N_("Reading"),
        N_("How much of your documents the model reads for a question, by how fast this computer reads."),
        group=ANSWERS,
        choices=(
            Choice("fast", N_("Fast: answers begin soonest")),
            Choice("balanced", N_("Balanced")),
            Choice("thorough", N_("Thorough: reads most")),
        ),
    )
    answer_tokens: int = _setting(
        4096,
        N_("Longest answer"),
        N_("Reasoning and answer together; an answer that reaches this length is cut and says so."),
        group=ANSWERS,
        unit=N_("tokens"),
        minimum=64,
        maximum=65536,
    )
    memory_gib: int = _setting(
        16,
        N_("Memory Papermoor may use"),
        N_("For the whole application. What does not fit is made smaller or refused, with a reason."),
        group=MEMORY,
        unit=N_("GB"),
        minimum=4,
        maximum=1024,
    )
    context_tokens: int = _setting(
        0,
        N_("Context length"),
        N_("How much the model can keep in view at once. Automatic lets Papermoor choose what fits the memory."),
        group=MEMORY,
        unit=N_("tokens"),
        minimum=0,
        maximum=131072,
        zero=N_("Automatic"),
    )
    hub_address: str = _setting(
        "",
        N_("Address for downloads"),
        N_("Another address that offers the same models, such as a mirror in your company. Empty for huggingface.co."),
        group=MEMORY,
    )
    unload_minutes: int = _setting(
        30,
        N_("Free the memory when idle"),
        N_("After so long without a question the model leaves memory; the next question loads it again."),
        group=MEMORY,
        unit=N_("minutes"),
        minimum=0,
        maximum=1440,
        zero=N_("Never"),
    )
    watch: bool = _setting(
        True,
        N_("Follow changes"),
        N_("Files that are added, edited, renamed or deleted in your folders are noticed while Papermoor is open."),
        group=DOCUMENTS,
    )
    on_battery: str = _setting(
        "low",
        N_("On battery"),
        N_("Whether documents are read and prepared while the computer runs on its battery. Questions always work."),
        group=DOCUMENTS,
        choices=(
            Choice("go_on", N_("Go on")),
            Choice("low", N_("Wait below 40 %")),
            Choice("wait", N_("Wait for the mains")),
        ),
    )
    ignore: str = _setting(
        "__pycache__/\nnode_modules/\n$RECYCLE.BIN/\nSystem Volume Information/",
        N_("Leave out"),
        N_(
            "Folders and files that are not read: a pattern in each line, as in .gitignore files, such as “drafts/”, "
            "“*.log” or “!important.log”. A file named .papermoorignore in a folder does the same for that folder. "
            "Links to other folders are never followed."
        ),
        group=DOCUMENTS,
        lines=True,
    )
    git_ignore: bool = _setting(
        False,
        N_("Heed .gitignore"),
        N_("Leave out what the .gitignore files in your folders leave out, too."),
        group=DOCUMENTS,
    )
    hidden_files: bool = _setting(
        False, N_("Read hidden files"), N_("Files and folders that the system hides."), group=DOCUMENTS
    )
    largest_file_mb: int = _setting(
        2048,
        N_("Largest file"),
        N_("Larger files are listed as skipped."),
        group=DOCUMENTS,
        unit=N_("MB"),
        minimum=1,
        maximum=65536,
    )
    recognition: bool = _setting(
        True,
        N_("Read scanned pages"),
        N_(
            "Pages and pictures without a text layer are read by text recognition (OCR) once all other documents are "
            "ready. It runs on this computer, takes a second or two for a page, and makes mistakes."
        ),
        group=DOCUMENTS,
    )
    recognition_languages: str = _setting(
        "",
        N_("Languages of scanned pages"),
        N_(
            "Empty stands for English and the language of this computer. Otherwise as Tesseract names them, such as "
            "“deu+fra”. English comes with Papermoor; others are used if Tesseract's data for them is installed."
        ),
        group=DOCUMENTS,
    )
    paused: bool = _setting(False)
    encryption_asked: bool = _setting(False)
    chat_model: str = _setting("")
    embedder: str = _setting("")
    next_embedder: str = _setting("")
    next_embedder_agreed: bool = _setting(False)
    reranker: str = _setting("")


DECLARATIONS: Mapping[str, Declaration] = {f.name: f.metadata["declaration"] for f in fields(Settings)}


class SettingsStore:
    """The settings file of a data directory. Reading never fails: a value that does not fit falls back to its default
    and is named in the log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listeners: list[Callable[[Settings], None]] = []
        self.current = _read(path)

    def change(self, **values: SettingValue) -> Settings:
        """Set and save. Raises ValueError for a value out of bounds (a bug of the caller) and OSError for the disk."""
        for key, value in values.items():
            if not DECLARATIONS[key].accepts(value):
                raise ValueError(f"{key} does not accept {value!r}")
        self.current = replace(self.current, **values)  # type: ignore[arg-type]  # checked against the declaration above
        _write(self._path, self.current)
        for listener in tuple(self._listeners):
            listener(self.current)
        return self.current

    def on_change(self, listener: Callable[[Settings], None]) -> None:
        """Call `listener` with the new settings after each change, on the changing thread."""
        self._listeners.append(listener)


def _read(path: Path) -> Settings:
    if not path.exists():
        return Settings()
    import tomllib  # not at the top: the window's start waits for it, and often there is no file

    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        log.warning("settings file unreadable, defaults used: %s", type(error).__name__)
        return Settings()
    kept: dict[str, Any] = {}
    for f in fields(Settings):
        value: Any = stored.get(f.name, f.default)
        same_type: bool = type(value) is type(f.default)
        if same_type and DECLARATIONS[f.name].accepts(value):
            kept[f.name] = value
        else:
            log.warning("setting %s does not fit, default used", f.name)
    return Settings(**kept)


def _write(path: Path, settings: Settings) -> None:
    import tempfile

    import tomlkit

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = tomlkit.document()
    for f in fields(Settings):
        document[f.name] = getattr(settings, f.name)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(tomlkit.dumps(document))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    if os.name == "posix":  # the new name, too, has to be on the disk
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
