"""Which part of a long conversation the model is given."""

from __future__ import annotations

from core.chat.history import BYTES_PER_TOKEN, possible_starts, prompt_token_limit, start_date
from core.domain.conversation import ChatMessage

ROOM_TOKENS = 1000


def conversation(turns: int, question_bytes: int = 300, answer_bytes: int = 100) -> list[ChatMessage]:
    history = []
    for _ in range(turns):
        history.append(ChatMessage(0, "user", "Why?", prompt="q" * question_bytes))
        history.append(ChatMessage(0, "assistant", "a" * answer_bytes))
    return history


def kept(history: list[ChatMessage]) -> int:
    """Where the history begins that fits the room."""
    for start in possible_starts(history, ROOM_TOKENS):
        if sum(len(message.prompt or message.text) for message in history[start:]) <= ROOM_TOKENS * BYTES_PER_TOKEN:
            return start
    raise AssertionError("nothing fits")


def test_all_of_it_is_given_while_it_fits() -> None:
    assert kept(conversation(10)) == 0
    assert list(possible_starts([], ROOM_TOKENS)) == [0]


def test_it_begins_at_a_question_and_keeps_at_least_about_half_of_the_room() -> None:
    for turns in range(11, 60):
        history = conversation(turns)
        start = kept(history)
        assert history[start].role == "user"
        left = sum(len(message.prompt or message.text) for message in history[start:])
        assert left >= ROOM_TOKENS * BYTES_PER_TOKEN // 2 - 400


def test_the_beginning_moves_rarely_as_the_conversation_goes_on() -> None:
    starts = [kept(conversation(turns)) for turns in range(1, 60)]
    assert starts == sorted(starts)
    moves = sum(one != next_one for one, next_one in zip(starts, starts[1:], strict=False))
    assert moves <= 59 * 400 // (ROOM_TOKENS * BYTES_PER_TOKEN // 2)


def test_letters_of_three_bytes_count_as_three() -> None:
    chinese = [ChatMessage(0, "user", "Why?", prompt="\u4f60" * 300) for _ in range(20)]
    latin = [ChatMessage(0, "user", "Why?", prompt="q" * 900) for _ in range(20)]
    assert list(possible_starts(chinese, ROOM_TOKENS)) == list(possible_starts(latin, ROOM_TOKENS))


def test_one_enormous_turn_leaves_as_a_whole() -> None:
    history = conversation(1, question_bytes=20_000)
    assert list(possible_starts(history, ROOM_TOKENS)) == [0, len(history)]


def test_the_room_leaves_space_for_the_answer() -> None:
    assert prompt_token_limit(8192) == 8192 - 1024
    assert prompt_token_limit(1000) == 500


def test_the_date_is_that_of_the_first_message() -> None:
    history = [ChatMessage(0, "user", "Why?", created_s=86_400.0 * 365)]
    assert start_date(history) == "1971-01-01"
    assert start_date([]) > "2020"
