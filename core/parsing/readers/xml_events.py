"""Parses XML as a stream of events to a target: no tree, constant memory, and no entities or external references."""

from __future__ import annotations

from collections.abc import Collection
from typing import IO, Protocol
from xml.etree.ElementTree import ParseError

from core.parsing.faults import ParseFault, ParseProblem

_CHUNK_BYTES = 1 << 16


class Target(Protocol):
    """Receives elements and attributes by their local names, without namespaces."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def data(self, text: str) -> None: ...


class _NamespaceStripper:
    """Passes the XML parser's events on to a target, without namespaces and without what is inside `skipped`."""

    def __init__(self, target: Target, skipped: Collection[str]) -> None:
        self._start, self._end, self._data = target.start, target.end, target.data
        self._skipped = skipped
        self._skipped_depth = 0  # of elements inside a skipped one, which counts

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag[tag.rfind("}") + 1 :]
        if self._skipped_depth or name in self._skipped:
            self._skipped_depth += 1
        else:
            self._start(name, _local_names(attributes) if attributes else attributes)

    def end(self, tag: str) -> None:
        if self._skipped_depth:
            self._skipped_depth -= 1
        else:
            self._end(tag[tag.rfind("}") + 1 :])

    def data(self, text: str) -> None:
        if not self._skipped_depth:
            self._data(text)

    def close(self) -> None:
        pass


def _local_names(attributes: dict[str, str]) -> dict[str, str]:
    """Return the attributes by local name; of two with the same name, the one in a namespace (a slide's `r:id`, not its
    `id`)."""
    local: dict[str, str] = {}
    for name, value in attributes.items():
        brace = name.rfind("}")
        if brace < 0:
            local.setdefault(name, value)
        else:
            local[name[brace + 1 :]] = value
    return local


def feed(
    stream: IO[bytes], target: Target, label: str, *, tolerant: bool = False, skipped: Collection[str] = ()
) -> None:
    """Parse `stream` and send its events to `target`, except elements whose local name is in `skipped`, with all inside
    them. Raises `ParseFault` (damaged) for XML that is not well-formed, unless `tolerant`: then parsing ends at the
    flaw. Entities are refused always."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

    events = _NamespaceStripper(target, skipped)
    parser = XMLParser(target=events, forbid_dtd=False, forbid_entities=True, forbid_external=True)
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
    """An XML target that collects the text of elements of one local name, for small property files."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._depth = 0
        self._elements: list[list[str]] = []

    @property
    def texts(self) -> list[str]:
        """The text of each element."""
        return ["".join(pieces) for pieces in self._elements]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._name:
            self._depth += 1
            self._elements.append([])

    def end(self, name: str) -> None:
        if name == self._name:
            self._depth -= 1

    def data(self, text: str) -> None:
        if self._depth > 0:
            self._elements[-1].append(text)
