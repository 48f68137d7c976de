"""Owns the headers of harmony messages: what a role, a recipient, a channel and a content type may look like.

A header is what stands between `<|start|>` and `<|message|>`. The model does not always write it as it should; what
cannot be understood as a header is handed back as text, so that nothing is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from models.prompts.vocabulary import END, FORCE_FINAL, MESSAGE

HEADER_LIMIT = 160  # characters; a longer "header" is text whose <|message|> is missing (tool names have up to 64)

_CHANNELS = ("analysis", "commentary", "final")
_PEOPLE = frozenset({"", "assistant", "user", "system", "developer", "all", "none"})  # recipients that are no tools
_RECIPIENT = re.compile(r"\bto=([A-Za-z0-9_.\-]*)(?:<\|\S*)?")
_ASSISTANT = re.compile(r"\s*assistant(?![a-z]|$)|\s*assistant(?=analysis|commentary|final|$)")
_SOMEBODY_ELSE = re.compile(r"\s*(?:user|system|developer|tool|functions\.[A-Za-z0-9_.\-]*)\s*")
_CHANNEL = re.compile(r"\s*(analysis|commentary|final)")
_CHANNEL_AFTER_ROLE = re.compile(r"\s*(analysis|commentary|final)(?=\s*$|[^a-z\s])")
_TYPES = frozenset({"json", "code", "text", "python", "markdown", "typescript", "javascript", "yaml", "xml", "html"})
_WORD = re.compile(r"[\w.\-/]+")


class HeaderPart(Enum):
    """What a piece of a header is: it follows `<|start|>`, `<|channel|>` or `<|constrain|>`."""

    ROLE = "role"
    CHANNEL = "channel"
    TYPE = "type"


@dataclass(slots=True)
class Header:
    """A header as far as it has come. `started`: a control token began it; `role_given`: by the prompt."""

    started: bool = False
    role_given: bool = False
    parts: list[tuple[HeaderPart, str]] = field(default_factory=lambda: [(HeaderPart.ROLE, "")])
    length: int = 0

    def begin(self, part: HeaderPart) -> None:
        self.started = True
        self.parts.append((part, ""))

    def add(self, text: str) -> None:
        part, so_far = self.parts[-1]
        self.parts[-1] = (part, so_far + text)
        self.length += len(text)


@dataclass(slots=True)
class HeaderMeaning:
    """What a header says. `rest` is the text in it that is no header."""

    by_assistant: bool = True
    channel: str = ""
    recipient: str = ""
    rest: str = ""

    @property
    def is_call(self) -> bool:
        return self.by_assistant and self.recipient not in _PEOPLE and self.channel != "final"


def read_header(header: Header) -> HeaderMeaning:
    meaning = HeaderMeaning()
    rest = []
    for part, text in header.parts:
        for recipient in _RECIPIENT.findall(text):
            meaning.recipient = recipient.removeprefix("functions.").strip(".") or meaning.recipient
        text = _RECIPIENT.sub(" ", text)
        if part is HeaderPart.ROLE:
            text = _read_role(text, header.role_given, meaning)
        elif part is HeaderPart.CHANNEL:
            text = _read_channel(text, meaning)
        elif _WORD.fullmatch(text.rstrip()):
            text = ""
        rest.append("" if text.strip().lower() in _TYPES else text.strip())
    meaning.rest = " ".join(text for text in rest if text)
    return meaning


def _read_role(text: str, given: bool, meaning: HeaderMeaning) -> str:
    """What is left of `text` without the role, and without the channel of `assistantfinal` or a bare `final`."""
    if _SOMEBODY_ELSE.fullmatch(text):
        meaning.by_assistant = False
        return ""
    found = _ASSISTANT.match(text)
    if found:
        text = text[found.end() :]
    channel = _CHANNEL_AFTER_ROLE.match(text)
    if channel and (found or given or channel.group().strip() == text.strip()):
        meaning.channel = channel.group(1)
        text = text[channel.end() :]
    return text


def _read_channel(text: str, meaning: HeaderMeaning) -> str:
    if channel := _CHANNEL.match(text):
        meaning.channel = channel.group(1)
        return text[channel.end() :]
    cut_short = any(name.startswith(text.strip()) for name in _CHANNELS)
    return "" if cut_short else text


def completion(header: Header) -> tuple[int, ...]:
    """The ids that make the header, as far as it has come, the beginning of an answer; else end it and begin anew."""
    role, text = header.parts[0][1], header.parts[-1][1]
    parts = [part for part, _ in header.parts]
    by_assistant = role == ("" if header.role_given else "assistant")
    if parts == [HeaderPart.ROLE] and by_assistant:
        return FORCE_FINAL[2:]
    if parts == [HeaderPart.ROLE] and not role:
        return FORCE_FINAL[1:]
    if parts == [HeaderPart.ROLE, HeaderPart.CHANNEL] and by_assistant and text in ("", "final"):
        return FORCE_FINAL[4:] if text else FORCE_FINAL[3:]
    return (MESSAGE, END, *FORCE_FINAL)
