"""Where models are made: Rasa's Python, and the folder in which models and what they were trained on are kept."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nlu.training import LONGEST_TRAINING


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
        for path in self.models.glob("training-*"):  # the record knows nothing of who trains without one
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > 2 * LONGEST_TRAINING:
                    shutil.rmtree(path, ignore_errors=True)
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

    def _remove(self, file: str) -> None:
        with suppress(FileNotFoundError):
            (self.models / file).unlink()
        self.forget([file])


def bytes_in(folder: Path) -> int:
    """What all of it takes on the disk; nothing where it is not there."""
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # a training beside this cleans up
                found += Path(place, name).stat().st_size
    return found
