"""How an embedding or ranking model is loaded that has ended the program: carefully; once that did, too, not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.faults import N_, ModelFault
from models.loading.journal import LoadCrashLog

FAST, CAREFUL = "rearranged", "mapped"


@contextmanager
def loading(path: Path, journal: LoadCrashLog) -> Iterator[bool]:
    """Entered while the model at `path` is loaded; gives whether that is to be done carefully (see `PooledModel`).
    Raises the `refusal` of a file that is not loaded any more."""
    fault = refusal(path, journal)
    if fault is not None:
        raise fault
    careful = must_be_careful(path, journal)
    in_doubt = careful and journal.ended_the_program(path, CAREFUL)
    mark = journal.begin(path, CAREFUL if careful else FAST, alone=in_doubt)
    try:
        yield careful
    finally:
        journal.end(mark)


def must_be_careful(path: Path, journal: LoadCrashLog) -> bool:
    """Whether the fast way of loading `path` has ended the program lately."""
    return journal.ended_the_program(path, FAST)


def refusal(path: Path, journal: LoadCrashLog) -> ModelFault | None:
    """What to say of a model that is not loaded since the careful way ended the program, too; None of any other."""
    if not (must_be_careful(path, journal) and journal.is_to_blame(path, CAREFUL)):
        return None
    return ModelFault(
        N_("Loading this model ended the program"),
        N_("Loading {name} ended the program, with the safest settings, too, so it is left out and search goes on "
           "without it."),
        N_("Choose another model, or download or check this one again; choosing the same file tries it once more."),
        name=path.name,
    )  # fmt: skip
