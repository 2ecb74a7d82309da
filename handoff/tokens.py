"""Tokens of links: 128 bits as 22 characters of `A-Za-z0-9_-`, which fit every channel. Only their hash is kept."""

import base64
import hashlib
import hmac


def offer_token(key: bytes, offer_id: int) -> str:
    """The token of an offer's link. It is derived, so that a repeated try says the same words."""
    mac = hmac.new(key, f"offer|{offer_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:16]).rstrip(b"=").decode()


def digest(token: str) -> str:
    """What is kept of a token (SHA-256, hex)."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
