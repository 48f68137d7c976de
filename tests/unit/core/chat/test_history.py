"""The part of a long conversation that the model is given."""

from __future__ import annotations

from core.chat.history import BYTES_PER_TOKEN, possible_starts, prompt_token_limit, start_date
from core.domain.conversation import ChatMessage

TOKEN_LIMIT = 1000


def conversation(turns: int, question_bytes: int = 300, answer_bytes: int = 100) -> list[ChatMessage]:
    history = []
    for _ in range(turns):
        history.append(ChatMessage(0, "user", "Why?", prompt="q" * question_bytes))
        history.append(ChatMessage(0, "assistant", "a" * answer_bytes))
    return history


def first_kept(history: list[ChatMessage]) -> int:
    """The first start at which the rest of `history` fits the limit."""
    for start in possible_starts(history, TOKEN_LIMIT):
        if sum(len(message.prompt or message.text) for message in history[start:]) <= TOKEN_LIMIT * BYTES_PER_TOKEN:
            return start
    raise AssertionError("nothing fits")


def test_a_history_that_fits_is_given_in_full() -> None:
    assert first_kept(conversation(10)) == 0
    assert list(possible_starts([], TOKEN_LIMIT)) == [0]


def test_the_kept_part_starts_with_a_question_and_fills_about_half_the_limit_at_least() -> None:
    for turns in range(11, 60):
        history = conversation(turns)
        start = first_kept(history)
        assert history[start].role == "user"
        left = sum(len(message.prompt or message.text) for message in history[start:])
        assert left >= TOKEN_LIMIT * BYTES_PER_TOKEN // 2 - 400


def test_the_start_rarely_moves_as_the_conversation_goes_on() -> None:
    starts = [first_kept(conversation(turns)) for turns in range(1, 60)]
    assert starts == sorted(starts)
    moves = sum(one != next_one for one, next_one in zip(starts, starts[1:], strict=False))
    assert moves <= 59 * 400 // (TOKEN_LIMIT * BYTES_PER_TOKEN // 2)


def test_length_is_counted_in_bytes() -> None:
    chinese = [ChatMessage(0, "user", "Why?", prompt="\u4f60" * 300) for _ in range(20)]
    latin = [ChatMessage(0, "user", "Why?", prompt="q" * 900) for _ in range(20)]
    assert list(possible_starts(chinese, TOKEN_LIMIT)) == list(possible_starts(latin, TOKEN_LIMIT))


def test_an_enormous_turn_can_only_be_dropped_as_a_whole() -> None:
    history = conversation(1, question_bytes=20_000)
    assert list(possible_starts(history, TOKEN_LIMIT)) == [0, len(history)]


def test_the_token_limit_reserves_room_for_the_answer() -> None:
    assert prompt_token_limit(8192) == 8192 - 1024
    assert prompt_token_limit(1000) == 500


def test_the_date_is_that_of_the_first_message() -> None:
    history = [ChatMessage(0, "user", "Why?", created_s=86_400.0 * 365)]
    assert start_date(history) == "1971-01-01"
    assert start_date([]) > "2020"
