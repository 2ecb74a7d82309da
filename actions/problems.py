"""What can be wrong: how each problem is put to the agent, and which details it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from actions.words import NOT_KNOWN

LABELS = {"order_number": "order number", "ticket_number": "ticket", "error_code": "error", "more": "said"}
NOT_SUMMED_UP = ("email", "phone")
"""Whoever reads the list of cases need not see how to reach somebody."""


@dataclass(frozen=True)
class Problem:
    """One intent that triage works on. The sentence may name {order}, {for_order} and {product}."""

    to_agent: str
    asks: tuple[str, ...] = ()


PROBLEMS = {
    "order_missing": Problem("Order{order} has not arrived", ("order_number",)),
    "delivery_late": Problem("Delivery{for_order} is late", ("order_number",)),
    "refund": Problem("Wants a refund{for_order}", ("order_number",)),
    "charged_wrongly": Problem("Charged wrongly{for_order}", ("order_number",)),
    "cannot_sign_in": Problem("Cannot sign in", ("device",)),
    "product_broken": Problem(
        "Broken or faulty: {product}",
        ("product", "order_number"),
    ),
    "outage": Problem("A service is down", ("product",)),
    "app_crash": Problem("The app or site fails", ("device",)),
    "cancel": Problem("Wants to cancel{order}", ("order_number",)),
    "complaint": Problem("Complains about how they were treated", ("more",)),
    "question_before_buying": Problem("Has a question before buying", ("product", "more")),
}


def problem_of(intent: str) -> Problem:
    """Return what is known of a problem; one that admins added is called by its name."""
    name = intent.replace("_", " ").translate(str.maketrans("", "", "{}"))
    return PROBLEMS.get(intent) or Problem(f"Writes about “{name}”", ("more",))


def summarise(problem: str | None, details: Mapping[str, str | None], confirmed: bool) -> str:
    """Return one line for the agent, the matter first, with every detail that is known or was asked for in vain."""
    if problem is None:
        opening = "Not clear yet what is needed"
    else:
        opening = problem_of(problem).to_agent.format(**_named(details)) + ("" if confirmed else " (not confirmed)")
    told = (
        (name, value) for name, value in details.items() if name not in NOT_SUMMED_UP and value and value not in opening
    )
    more = "; ".join(f"{LABELS.get(name, name)}: {value}" for name, value in told)
    return f"{opening}; {more}." if more else f"{opening}."


def _named(details: Mapping[str, str | None]) -> dict[str, str]:
    """Fill the places of a sentence; a detail nobody knows leaves no trace in it."""
    known = {name: value for name, value in details.items() if value and value != NOT_KNOWN}
    order = known.get("order_number")
    return {
        "order": f" {order}" if order else "",
        "for_order": f" for order {order}" if order else "",
        "product": known.get("product", "product"),
    }
