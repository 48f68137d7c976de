"""XML as a stream of events to a target, with entities and external references refused: no tree, flat memory."""

from __future__ import annotations

from typing import IO, Protocol
from xml.etree.ElementTree import ParseError

from core.parsing.faults import ParseFault, ParseProblem

_CHUNK_BYTES = 1 << 16


class Target(Protocol):
    """Receives elements by their local name (namespaces are dropped), attributes likewise."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def data(self, text: str) -> None: ...


class _Local:
    """Strips namespaces from what the XML parser says and hands it on."""

    def __init__(self, target: Target) -> None:
        self._start, self._end = target.start, target.end
        self.data = target.data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._start(tag[tag.rfind("}") + 1 :], _local(attributes) if attributes else attributes)

    def end(self, tag: str) -> None:
        self._end(tag[tag.rfind("}") + 1 :])

    def close(self) -> None:
        pass


def _local(attributes: dict[str, str]) -> dict[str, str]:
    """By local name; of two with one name the one in a namespace counts (a slide's `r:id`, not its `id`)."""
    local: dict[str, str] = {}
    for name, value in attributes.items():
        brace = name.rfind("}")
        if brace < 0:
            local.setdefault(name, value)
        else:
            local[name[brace + 1 :]] = value
    return local


def feed(stream: IO[bytes], target: Target, label: str, *, tolerant: bool = False) -> None:
    """Parse `stream` into `target`. Raises the damaged-file fault for what is not well-formed; `tolerant` keeps what
    came before the flaw."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

    parser = XMLParser(target=_Local(target), forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            parser.feed(chunk)
        parser.close()
    except DefusedXmlException as error:
        raise ParseFault(ParseProblem.DAMAGED, format=label) from error
    except (ParseError, ValueError) as error:
        if not tolerant:
            raise ParseFault(ParseProblem.DAMAGED, format=label) from error


class TextCollector:
    """A target that keeps the text of elements of one local name, for small property files."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._depth = 0
        self.texts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._name:
            self._depth += 1
            self.texts.append("")

    def end(self, name: str) -> None:
        if name == self._name:
            self._depth -= 1

    def data(self, text: str) -> None:
        if self._depth > 0:
            self.texts[-1] += text
