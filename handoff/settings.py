"""What the record and the inbox read from the environment, once."""

import os
import secrets
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class Settings(BaseSettings):
    """Settings with the prefix `KNOCK_`; docs/operations.md has the table."""

    model_config = SettingsConfigDict(
        env_prefix="KNOCK_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Path("var")
    """Folder of everything that is not code: the embedded database, models, logs, the secret."""

    database_url: str | None = Field(default=None, repr=False)
    """A PostgreSQL ≥ 15 of your own, as `postgresql://…`; the embedded one when not set."""

    secret: str | None = Field(default=None, repr=False)
    """Key of links and of the hashes of accounts; made in `home/secret` when not set."""

    host: str = "127.0.0.1"
    """Address that the pages and the inbox listen on."""

    public_port: int = Field(default=8000, ge=1, le=65535)
    """Port of the customers' pages."""

    inbox_port: int = Field(default=8001, ge=1, le=65535)
    """Port of the inbox."""

    public_url: str | None = None
    """Where customers reach the pages, when it is not `http://localhost:<public_port>`."""

    inbox_url: str | None = None
    """Where agents reach the inbox, when it is not `http://localhost:<inbox_port>`."""

    webhooks_to_loopback: bool = False
    """Whether webhooks may call this very machine, without https: for trying things out."""

    undo_seconds: float = Field(default=5, ge=0, le=60)
    """Seconds for which a reply waits after Send, so that it can be taken back."""

    attachment_mb: float = Field(default=10, gt=0, le=20)
    """Largest file that a customer or an agent may attach, in MB; Telegram lets bots have 20."""

    oidc_issuer: str | None = Field(default=None, pattern=r"^(https://|http://(localhost|127\.0\.0\.1)[:/])")
    """The company's OpenID Connect provider, by whose sign-in agents may come in; passwords only when not set."""

    oidc_client_id: str | None = None
    """What the provider calls us."""

    oidc_client_secret: str | None = Field(default=None, repr=False)
    """The secret by which the provider knows us."""

    oidc_domains: Annotated[tuple[str, ...], NoDecode] = ()
    """Domains, with commas: whoever comes from the provider with an address of another one stays out."""

    @field_validator("oidc_domains", mode="before")
    @classmethod
    def _domains(cls, value: object) -> object:
        return tuple(value.casefold().replace(",", " ").split()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        parts = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(parts) and not all(parts):
            raise ValueError("KNOCK_OIDC_ISSUER, KNOCK_OIDC_CLIENT_ID and KNOCK_OIDC_CLIENT_SECRET need one another")
        return self

    @field_validator("database_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        try:
            make_url(url or "postgresql://")
        except (ArgumentError, ValueError):
            raise ValueError("this is no address like postgresql://user@host/database") from None
        return url

    @property
    def undo(self) -> timedelta:
        """Between Send and the first try to deliver."""
        return timedelta(seconds=self.undo_seconds)

    @property
    def largest_file(self) -> int:
        """Bytes of one file."""
        return int(self.attachment_mb * 1024 * 1024)

    @cached_property
    def public_origin(self) -> str:
        return (self.public_url or f"http://localhost:{self.public_port}").rstrip("/")

    @cached_property
    def inbox_origin(self) -> str:
        return (self.inbox_url or f"http://localhost:{self.inbox_port}").rstrip("/")

    @cached_property
    def key(self) -> bytes:
        """The secret as bytes. The first process to ask makes it; who comes second reads what the first wrote."""
        return (self.secret or _kept_secret(self.home / "secret")).encode()


def _kept_secret(path: Path) -> str:
    """The secret in the file, which appears there whole or not at all."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".secret-{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
