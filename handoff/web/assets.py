"""Static files under an address that changes with them, so that browsers may keep them for ever; and the icons."""

import hashlib
import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ICONS = Path(__file__).parents[2] / "node_modules" / "lucide-static" / "icons"


class Assets:
    """The files of some folders, and a sprite `icons.svg`, as an ASGI app to be mounted at `/static`.

    All share one version in their address, so that a script finds its neighbours by plain relative imports.
    """

    def __init__(self, *folders: Path, icons: Iterable[str] = (), mounted_at: str = "/static") -> None:
        self._files = {
            path.name: path.read_bytes() for folder in folders for path in sorted(folder.iterdir()) if path.is_file()
        }
        self._files["icons.svg"] = _sprite(icons)
        digest = hashlib.sha256()
        for name, content in sorted(self._files.items()):
            digest.update(name.encode() + content)
        self.version = digest.hexdigest()[:12]
        self._mounted_at = mounted_at

    def url(self, name: str) -> str:
        """Where the newest version of a file is. Raises `KeyError` for a file that is not there."""
        self._files[name]
        return f"{self._mounted_at}/{self.version}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        version, _, name = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/").partition("/")
        await self._response(version, name)(scope, receive, send)

    def _response(self, version: str, name: str) -> Response:
        content = self._files.get(name)
        if content is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        keep = "public, max-age=31536000, immutable" if version == self.version else "no-cache"
        return Response(content, media_type=_media_type(name), headers={"Cache-Control": keep})


def _media_type(name: str) -> str:
    return "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or "application/octet-stream"


def _sprite(icons: Iterable[str]) -> bytes:
    """One SVG with a symbol for each icon. Raises `FileNotFoundError` if a drawing is missing."""
    symbols = "".join(_symbol(name) for name in sorted(set(icons)))
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'.encode()


def _symbol(name: str) -> str:
    try:
        drawing = (ICONS / f"{name}.svg").read_text()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"the icon {name} is not in {ICONS.name}: run `make setup`") from error
    inner = re.sub(r"<!--.*?-->|</?svg[^>]*>", "", drawing, flags=re.DOTALL)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(inner.split())}</symbol>'
