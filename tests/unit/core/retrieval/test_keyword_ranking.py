"""The first passages by keywords are those that sorting all passages would put first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.retrieval.keyword_ranking import KeywordScores
from core.store.database import Database


@pytest.mark.parametrize("count", [1, 7, 60, 300, 400])
def test_the_best_come_first_and_equals_in_the_order_of_their_files(tmp_path: Path, count: int) -> None:
    random_ = np.random.default_rng(count)
    passage_scores = random_.integers(0, 5, 300).astype(float)  # many are equal
    document_scores = np.array([0.0, 2.0])
    document_index = random_.integers(0, 2, 300)
    ids = np.sort(random_.choice(10_000, 300, replace=False))
    scores = KeywordScores((), 1.0, ids, passage_scores, np.array([1, 2]), document_scores, document_index, by_term={})
    total = passage_scores + document_scores[document_index]
    with Database(tmp_path / "library.db") as database:
        with database.write() as connection:
            connection.execute("INSERT INTO folders (id, path, added_s) VALUES (1, x'2f', 0)")
            connection.executemany(
                "INSERT INTO documents (id, folder_id, path, state, size_bytes, modified_ns) "
                "VALUES (?, 1, CAST(? AS BLOB), 'indexed', 1, 1)",
                [(1, "/b"), (2, "/a")],
            )
            connection.executemany(
                'INSERT INTO chunks (id, document_id, ordinal, start, "end", section, content_hash) '
                "VALUES (?, ?, ?, 0, 1, '', x'00')",
                [
                    (passage_id, 1 + index, 10_000 - passage_id)
                    for passage_id, index in zip(ids.tolist(), document_index.tolist(), strict=True)
                ],
            )
        expected = sorted(zip((-total).tolist(), (-document_index).tolist(), (-ids).tolist(), strict=True))[:count]
        with database.read() as connection:
            assert scores.top(connection, count) == [-passage_id for _, _, passage_id in expected]
