"""Where models are made: Rasa's Python, and the folder in which models and what they were trained on are kept."""

import shutil
import tempfile
from collections.abc import Iterable, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workshop:
    """`models` has `model-7.tar.gz`, and beside it what went into it, `model-7.corpus`; the newest `keep` stay."""

    python: Path
    models: Path
    keep: int

    @property
    def is_there(self) -> bool:
        """Whether models can be made here."""
        return self.python.exists()

    def new_workplace(self) -> Path:
        """A folder for one training, beside the models, so that what comes out can be moved there at once."""
        self.models.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="work-", dir=self.models))

    def file(self, name: str) -> Path:
        """A file in the folder of models."""
        return self.models / name

    def sweep(self, kept: Set[str], known: Set[str], *, someone_trains: bool) -> None:
        """Delete the files of versions that are gone; and, unless somebody is making one, those that none has."""
        for file in known - kept:
            self._remove(file)
        if someone_trains or not self.models.exists():
            return
        for path in self.models.glob("model-*.tar.gz"):
            if path.name not in kept:
                self._remove(path.name)
        for path in self.models.glob("work-*"):
            shutil.rmtree(path, ignore_errors=True)

    def forget(self, files: Iterable[str]) -> None:
        """Delete the examples that went into these models; what they have learnt of them stays in the models."""
        for file in files:
            shutil.rmtree(self.models / file.replace(".tar.gz", ".corpus"), ignore_errors=True)

    def bytes_used(self) -> int:
        """What all of it takes on the disk."""
        return (
            sum(path.stat().st_size for path in self.models.rglob("*") if path.is_file()) if self.models.exists() else 0
        )

    def _remove(self, file: str) -> None:
        with suppress(FileNotFoundError):
            (self.models / file).unlink()
        self.forget([file])
