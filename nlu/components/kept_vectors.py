"""Vectors of examples, kept from one training to the next: only what is new is encoded, and what is gone is dropped."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlu.components.encoders import Encoder


def encode(one: Encoder, texts: Sequence[str], folder: Path | None) -> np.ndarray:
    """Return a row per text; those of this very set of texts are kept in `folder`, by a digest of each text."""
    if folder is None:
        return one.encode(texts)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{one.name}-{one.digest[:16]}.npz"
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    rows = _read(file)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in rows}
    if new:
        rows |= dict(zip(new, one.encode(list(new.values())), strict=True))
    found = np.array([rows[key] for key in keys], np.float32)
    _write(file, keys, found)
    return found


def _read(file: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as kept:
            return dict(zip(kept["keys"].tolist(), kept["rows"], strict=True))
    except (OSError, ValueError, KeyError):
        return {}


def _write(file: Path, keys: Sequence[str], rows: np.ndarray) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".npz")
    with os.fdopen(handle, "wb") as written:
        np.savez(written, keys=np.array(keys), rows=rows)
    os.replace(name, file)
