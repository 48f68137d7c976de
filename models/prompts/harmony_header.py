"""Parses the headers of harmony messages: role, recipient, channel and content type.

A header is what comes between `<|start|>` and `<|message|>`, such as
`assistant<|channel|>commentary to=functions.search <|constrain|>json`. The model does not always write it correctly;
what cannot be parsed as part of a header is returned as text, so that nothing is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from models.prompts.harmony_vocabulary import END, FINAL_HEADER, MESSAGE

MAX_HEADER_CHARS = 160  # a longer one is text whose <|message|> is missing (tool names have up to 64 characters)

_CHANNELS = ("analysis", "commentary", "final")
_NOT_TOOLS = frozenset({"", "assistant", "user", "system", "developer", "all", "none"})  # as recipients
_RECIPIENT = re.compile(r"\bto=([A-Za-z0-9_.\-]*)(?:<\|\S*)?")
_ASSISTANT = re.compile(r"\s*assistant(?![a-z]|$)|\s*assistant(?=analysis|commentary|final|$)")
_OTHER_ROLE = re.compile(r"\s*(?:user|system|developer|tool|functions\.[A-Za-z0-9_.\-]*)\s*")
_CHANNEL = re.compile(r"\s*(analysis|commentary|final)")
_CHANNEL_AFTER_ROLE = re.compile(r"\s*(analysis|commentary|final)(?=\s*$|[^a-z\s])")
_CONTENT_TYPES = frozenset(
    {"json", "code", "text", "python", "markdown", "typescript", "javascript", "yaml", "xml", "html"}
)
_WORD = re.compile(r"[\w.\-/]+")


class HeaderPart(Enum):
    """Which control token a part of a header follows: `<|start|>`, `<|channel|>` or `<|constrain|>`."""

    ROLE = "role"
    CHANNEL = "channel"
    TYPE = "type"


@dataclass(slots=True)
class HarmonyHeader:
    """A header as far as it has been written. `started`: a control token began it; `role_given`: the prompt ended with
    `<|start|>assistant`, so the role is not written by the model."""

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
class ParsedHeader:
    """The content of a header. `stray_text` is the text in it that is no part of a header."""

    by_assistant: bool = True
    channel: str = ""
    recipient: str = ""
    stray_text: str = ""

    @property
    def is_call(self) -> bool:
        """Whether the message calls a tool."""
        return self.by_assistant and self.recipient not in _NOT_TOOLS and self.channel != "final"


def parse_harmony_header(header: HarmonyHeader) -> ParsedHeader:
    """Parse `header` leniently: the last recognised channel and recipient win."""
    parsed = ParsedHeader()
    stray = []
    for part, text in header.parts:
        for recipient in _RECIPIENT.findall(text):
            parsed.recipient = recipient.removeprefix("functions.").strip(".") or parsed.recipient
        text = _RECIPIENT.sub(" ", text)
        if part is HeaderPart.ROLE:
            text = _parse_role(text, header.role_given, parsed)
        elif part is HeaderPart.CHANNEL:
            text = _parse_channel(text, parsed)
        elif _WORD.fullmatch(text.rstrip()):
            text = ""
        stray.append("" if text.strip().lower() in _CONTENT_TYPES else text.strip())
    parsed.stray_text = " ".join(text for text in stray if text)
    return parsed


def _parse_role(text: str, role_given: bool, parsed: ParsedHeader) -> str:
    """Take the role off `text`, and a channel written without its control token (`assistantfinal`, or a bare `final`).
    Returns what is left."""
    if _OTHER_ROLE.fullmatch(text):
        parsed.by_assistant = False
        return ""
    found = _ASSISTANT.match(text)
    if found:
        text = text[found.end() :]
    channel = _CHANNEL_AFTER_ROLE.match(text)
    if channel and (found or role_given or channel.group().strip() == text.strip()):
        parsed.channel = channel.group(1)
        text = text[channel.end() :]
    return text


def _parse_channel(text: str, parsed: ParsedHeader) -> str:
    if channel := _CHANNEL.match(text):
        parsed.channel = channel.group(1)
        return text[channel.end() :]
    is_cut_short = any(name.startswith(text.strip()) for name in _CHANNELS)
    return "" if is_cut_short else text


def rest_of_final_header(header: HarmonyHeader) -> tuple[int, ...]:
    """The ids that complete the unfinished `header` to `FINAL_HEADER`; if it cannot be, they end its message and follow
    with a whole `FINAL_HEADER`."""
    role, text = header.parts[0][1], header.parts[-1][1]
    parts = [part for part, _ in header.parts]
    by_assistant = role == ("" if header.role_given else "assistant")
    if parts == [HeaderPart.ROLE] and by_assistant:
        return FINAL_HEADER[2:]
    if parts == [HeaderPart.ROLE] and not role:
        return FINAL_HEADER[1:]
    if parts == [HeaderPart.ROLE, HeaderPart.CHANNEL] and by_assistant and text in ("", "final"):
        return FINAL_HEADER[4:] if text else FINAL_HEADER[3:]
    return (MESSAGE, END, *FINAL_HEADER)
