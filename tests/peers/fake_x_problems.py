"""What our fake X answers when it does not do what was asked: problem+json with X's own titles and sentences."""

from typing import Any

Json = dict[str, Any]
PROBLEMS = "https://api.twitter.com/2/problems/"


class Problem(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, title: str, detail: str, type: str = "about:blank", **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: Json = {"title": title, "detail": detail, "type": type, "status": status, **more}


def unauthorized() -> Problem:
    """The token is none, or not any more."""
    return Problem(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str) -> Problem:
    """X refuses, in a sentence."""
    return Problem(403, "Forbidden", detail)


def wrong_kind_of_token(kind: str, wanted: str) -> Problem:
    """An app's token where a person's is needed, or the other way round."""
    detail = (
        f"Authenticating with {kind} is forbidden for this endpoint.  Supported authentication types are [{wanted}]."
    )
    return Problem(403, "Unsupported Authentication", detail, PROBLEMS + "unsupported-authentication")


def invalid(message: str, parameter: str = "", value: object = "") -> Problem:
    """The request is not well formed."""
    errors = [{"parameters": {parameter: [str(value)]} if parameter else {}, "message": message}]
    detail = "One or more parameters to your request was invalid."
    return Problem(400, "Invalid Request", detail, PROBLEMS + "invalid-request", errors=errors)


def too_many() -> Problem:
    """The window is used up; the headers say until when."""
    return Problem(429, "Too Many Requests", "Too Many Requests")


def usage_capped() -> Problem:
    """Nothing more in this billing cycle."""
    more = {"account_id": 1700000000000000000, "product_name": "pay-per-use", "period": "Monthly", "scope": "Product"}
    detail = "Usage cap exceeded: Monthly product cap"
    return Problem(429, "UsageCapExceeded", detail, PROBLEMS + "usage-capped", **more)


def not_found(kind: str, parameter: str, value: str) -> Json:
    """A part of what was asked for is not there; stands in `errors`, beside the `data` of the rest."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + "resource-not-found",
    }


def not_authorized(kind: str, parameter: str, value: str) -> Json:
    """A part of what was asked for is for others' eyes; stands in `errors` as well."""
    return not_found(kind, parameter, value) | {
        "detail": f"Sorry, you are not authorized to see the {kind.title()} with {parameter}: [{value}].",
        "title": "Authorization Error",
        "section": "data",
        "type": PROBLEMS + "not-authorized-for-resource",
    }


def suspended(value: str, parameter: str) -> Json:
    """X has taken the account away."""
    return not_found("user", parameter, value) | {
        "detail": f"User has been suspended: [{value}].",
        "title": "Forbidden",
    }
