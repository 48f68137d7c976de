"""The process that reads documents: confined at its start, then one request after another until its parent goes
away."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from core.parsing.document import A_PICTURE
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process.wire import PageCount, RecognisedPage, pack


def request(
    path: Path,
    password: str | None,
    others: Sequence[str] = (),
    recognise: Sequence[str] = (),
    known: Mapping[int, str] | None = None,
) -> bytes:
    """What the parent sends to have `path` read, with its password and others to try; pictures of text are read in the
    languages `recognise`, but for the `known` pages. Any path that the system knows survives, whatever its bytes."""
    words: dict[str, object] = {"path": os.fsencode(path).hex(), "password": password, "known": known or {}}
    return json.dumps(words | {"others": list(others), "recognise": list(recognise)}).encode()


def run(requests: Connection, limits: ParseLimits) -> None:
    """Main function of the worker process. Answers each request with any number of `PageCount` and one document or
    fault; ends when the parent closes the pipe or dies."""
    from core.parsing.process import confinement
    from core.parsing.registry import parse_file

    _end_with_parent()
    confinement.confine(limits)
    requests.send_bytes(pack(PageCount(0)))
    while True:
        try:
            wanted = json.loads(requests.recv_bytes())
        except (EOFError, OSError):
            return
        confinement.allow_seconds(limits.longest_s)

        def tell(pages: int) -> None:
            if pages == A_PICTURE:
                confinement.allow_seconds(limits.longest_s)
            requests.send_bytes(pack(PageCount(pages)))

        path = Path(os.fsdecode(bytes.fromhex(wanted["path"])))
        try:
            answer = pack(
                parse_file(
                    path,
                    limits,
                    password=wanted["password"],
                    other_passwords=tuple(wanted["others"]),
                    on_pages=tell,
                    recognise=wanted["recognise"],
                    known_pages={int(page): words for page, words in wanted["known"].items()},
                    on_page_words=lambda page, words: requests.send_bytes(pack(RecognisedPage(page, words))),
                )
            )
        except ParseFault as fault:
            answer = pack(fault)
        except MemoryError:
            answer = pack(ParseFault(ParseProblem.OUT_OF_MEMORY))
        try:
            requests.send_bytes(answer)
        except (BrokenPipeError, OSError):
            return


def _end_with_parent() -> None:
    """End this process at once when its parent is gone, even in the middle of a file."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
