"""Whether a model can be used, from what the disk and the downloads say of it."""

from __future__ import annotations

from core.domain.faults import ModelFault
from core.engines.model_availability import DownloadOffer, ModelAvailability, ModelKind
from core.engines.model_registry import ModelState, ModelStatus
from models.faults import DownloadFault

OFFER = DownloadOffer("tiny", "Tiny", 100, "MIT")
NETWORK = DownloadFault("No connection", "The hub could not be reached.")
DAMAGED = ModelFault("Damaged", "It cannot be read.")


def checked(state: ModelState, fault: ModelFault | None = None) -> ModelAvailability:
    return ModelAvailability(ModelKind.CHAT).disk_checked(ModelStatus(state, fault=fault), OFFER)


def test_nothing_is_asked_of_a_person_before_the_disk_has_been_checked() -> None:
    assert not ModelAvailability(ModelKind.CHAT).needs_attention
    assert checked(ModelState.ABSENT).needs_attention
    assert checked(ModelState.FAULTY, DAMAGED).needs_attention
    assert not checked(ModelState.READY).needs_attention


def test_the_reason_of_a_stopped_download_outlasts_a_check_until_it_goes_on() -> None:
    stopped = ModelAvailability(ModelKind.CHAT, download_paused=True, fault=NETWORK)
    absent = ModelStatus(ModelState.ABSENT)
    assert stopped.disk_checked(absent, OFFER).fault is NETWORK
    resumed = stopped.disk_checked(absent, OFFER).download_started()
    assert resumed.fault is None and not resumed.download_paused
    assert resumed.download_progress is not None and resumed.download_progress.total == 100
    assert ModelAvailability(ModelKind.CHAT, fault=DAMAGED).disk_checked(absent, OFFER).fault is None


def test_a_model_is_loaded_ahead_of_a_question_unless_that_failed_or_was_stopped() -> None:
    ready = ModelStatus(ModelState.READY)
    assert checked(ModelState.READY).may_preload
    assert not checked(ModelState.ABSENT).may_preload
    declined = ModelAvailability(ModelKind.CHAT, status=ready, load_declined=True)
    assert not declined.may_preload
    assert not ModelAvailability(ModelKind.CHAT, status=ready, fault=DAMAGED).may_preload
    answering = declined.answer_started()
    assert answering.in_memory and answering.may_preload
