"""The faults of parsing: one problem for each reason why a document is left out, with the texts that a person sees."""

from __future__ import annotations

from enum import StrEnum

from models.faults import N_, Fault


class ParseProblem(StrEnum):
    """Why a document is left out. The values are stored in the library and sent between processes."""

    ENCRYPTED = "encrypted"
    WRONG_PASSWORD = "wrong_password"
    SCANNED = "scanned"
    NOTHING_RECOGNISED = "nothing_recognised"
    EMPTY = "empty"
    DAMAGED = "damaged"
    UNSUPPORTED = "unsupported"
    ARCHIVE = "archive"
    BINARY = "binary"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    MISSING = "missing"
    NOT_PERMITTED = "not_permitted"
    UNREADABLE = "unreadable"


_TITLE = N_("This document was left out")

# What happened, and what to do next.
_TEXTS: dict[ParseProblem, tuple[str, str]] = {
    ParseProblem.ENCRYPTED: (
        N_("This {format} file is encrypted and needs a password."),
        N_("Enter the password if it is a PDF file, or save a copy without the password and add that."),
    ),
    ParseProblem.WRONG_PASSWORD: (
        N_("This {format} file is encrypted, and the password does not open it."),
        N_("Enter the right password, or save a copy without the password and add that."),
    ),
    ParseProblem.SCANNED: (
        N_("This {format} file is scanned: its pages are pictures without a text layer."),
        N_("Text recognition (OCR) reads it after the other documents if it is switched on in the settings."),
    ),
    ParseProblem.NOTHING_RECOGNISED: (
        N_("This {format} file is scanned: its pages are pictures, and text recognition (OCR) found no text in them."),
        "",
    ),
    ParseProblem.EMPTY: (N_("The file is empty: there is no text in it."), ""),
    ParseProblem.DAMAGED: (
        N_("The file is damaged (corrupt) and cannot be read as {format}."),
        N_("Open it in the program that made it and save it again."),
    ),
    ParseProblem.UNSUPPORTED: (N_("Files of this kind ({format}) cannot be read yet."), ""),
    ParseProblem.ARCHIVE: (
        N_("Archives are not opened."),
        N_("Unpack it and add the folder if its files belong to your documents."),
    ),
    ParseProblem.BINARY: (N_("The file holds no text that can be read, only binary data."), ""),
    ParseProblem.TOO_LARGE: (
        N_("The file is too large to read: {detail}."),
        N_("Split it into smaller files."),
    ),
    ParseProblem.TIMED_OUT: (N_("The file took too long to read and was left out."), ""),
    ParseProblem.OUT_OF_MEMORY: (N_("Reading the file took too much memory, so it was left out."), ""),
    ParseProblem.CRASHED: (
        N_("The file is damaged or malformed: the program part that reads it had to be stopped."),
        N_("Open it in the program that made it and save it again."),
    ),
    ParseProblem.MISSING: (N_("The file is no longer there."), ""),
    ParseProblem.NOT_PERMITTED: (
        N_("The file may not be read by you."),
        N_("Change its permissions and try again."),
    ),
    ParseProblem.UNREADABLE: (
        N_("The file could not be read from its disk."),
        N_("Check that the disk or network drive is connected."),
    ),
}


class ParseFault(Fault):
    """A document could not be parsed because of `problem`. `format` is the format's label ("PDF"), `detail`
    completes the text of `ParseProblem.TOO_LARGE`; of other problems it serves debugging."""

    def __init__(self, problem: ParseProblem, *, format: str = "", detail: str = "") -> None:
        what, todo = _TEXTS[problem]
        super().__init__(_TITLE, what, todo, format=format, detail=detail)
        self.problem = problem
        self.format = format
        self.detail = detail


def fault_from_os_error(error: OSError) -> ParseFault:
    """Return the fault for a file that the operating system could not open or read."""
    if isinstance(error, FileNotFoundError):
        return ParseFault(ParseProblem.MISSING)
    if isinstance(error, PermissionError):
        return ParseFault(ParseProblem.NOT_PERMITTED)
    return ParseFault(ParseProblem.UNREADABLE)
