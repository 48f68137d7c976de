"""Pins the private names of pymilvus and milvus-lite that the store relies on where there is no public API.

A new version of either may rename or change them without notice; then these tests fail instead of the application.
"""

from __future__ import annotations

import inspect
import os
import subprocess
from pathlib import Path

import pytest

from core.store.vectors.milvus import LiteFileStore

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Milvus Lite 2.5 has no build for Windows")


def test_the_client_gives_its_connection_which_takes_columns(tmp_path: Path) -> None:
    """`core.store.vectors.binary_vectors` inserts columns; the client's public method takes rows only."""
    from pymilvus import MilvusClient
    from pymilvus.client.grpc_handler import GrpcHandler

    store = LiteFileStore.open(tmp_path / "vectors.db")
    try:
        connection = store._client._get_connection()
    finally:
        store.close()
    assert isinstance(connection, GrpcHandler) and isinstance(store._client, MilvusClient)
    parameters = inspect.signature(GrpcHandler.batch_insert).parameters
    assert list(parameters)[1:3] == ["collection_name", "entities"] and "timeout" in parameters


def test_the_server_manager_holds_the_child_process_by_the_resolved_path(tmp_path: Path) -> None:
    """`core.store.vectors.milvus` asks the process whether it has ended, and releases only what was started."""
    from milvus_lite.server_manager import server_manager_instance

    path = tmp_path / "vectors.db"
    store = LiteFileStore.open(path)
    try:
        child = server_manager_instance._servers[str(path.resolve())]._p
        assert isinstance(child, subprocess.Popen) and child.poll() is None
    finally:
        store.close()
    assert str(path.resolve()) not in server_manager_instance._servers
    assert child.poll() is not None
