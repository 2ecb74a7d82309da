"""Signatures of webhooks, as Standard Webhooks has them: by these the other side knows that a call is ours."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def headers(secret: str, uid: str, moment: int, body: bytes) -> Mapping[str, str]:
    """The headers of a call. `secret`: `whsec_` and base64; `uid`: the same for each try; `moment`: since 1970."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, b".".join((uid.encode(), str(moment).encode(), body)), hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(mac).decode()}"
    return {"webhook-id": uid, "webhook-timestamp": str(moment), "webhook-signature": signature}
