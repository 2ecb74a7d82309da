"""How admins put the problems that they added: it comes with the model, in its domain, by language."""

from collections.abc import Mapping
from typing import Any

ABOUT = "utter_about_"
"""As `nlu.corpus` names the responses."""

FALLBACK = "en"


def taught(domain: Mapping[str, Any], intent: str | None, language: str | None) -> str | None:
    """Return how a problem is put to the customer after "It looks like"; `None` if no admin said so in a language
    that they read, or in English."""
    said = [one.get("custom") for one in (domain.get("responses") or {}).get(f"{ABOUT}{intent}", ())]
    by_language = next((one for one in said if isinstance(one, Mapping)), {})
    words = by_language.get(language) or by_language.get(FALLBACK)
    return words if isinstance(words, str) else None
