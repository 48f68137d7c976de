"""Opens the vector store of this system: Milvus Lite's file, or on Windows its server in a child process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from core.store.vectors.milvus import LiteFileStore, VectorStore
from core.store.vectors.store_file import FILE_NAME

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


def open_store(folder: Path) -> VectorStore:
    """The store in `folder`, created if it does not exist."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "nt":
        from core.store.vectors.milvus_windows import LiteFolderStore

        return LiteFolderStore.open(folder / "vectors3.db")
    folder.chmod(0o700)
    return LiteFileStore.open(folder / FILE_NAME)
