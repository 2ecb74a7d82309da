"""What can be wrong: how each problem is put to the customer and to the agent, and which details it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

NOT_KNOWN = "not known"
LABELS = {"order_number": "order number", "ticket_number": "ticket", "error_code": "error", "more": "said"}
NOT_SUMMED_UP = ("email", "phone")
"""Whoever reads the list of cases need not see how to reach somebody."""


@dataclass(frozen=True)
class Problem:
    """One intent that triage works on. The sentences may name {order}, {product} and {device}."""

    to_customer: str
    to_agent: str
    asks: tuple[str, ...] = ()


PROBLEMS = {
    "order_missing": Problem("your order{order} has not arrived", "Order{order} has not arrived", ("order_number",)),
    "delivery_late": Problem("your delivery{for_order} is late", "Delivery{for_order} is late", ("order_number",)),
    "refund": Problem("you want a refund{for_order}", "Wants a refund{for_order}", ("order_number",)),
    "charged_wrongly": Problem("you were charged wrongly{for_order}", "Charged wrongly{for_order}", ("order_number",)),
    "cannot_sign_in": Problem("you cannot sign in", "Cannot sign in", ("device",)),
    "product_broken": Problem(
        "something is wrong with your {product}",
        "Broken or faulty: {product}",
        ("product", "order_number"),
    ),
    "outage": Problem("a service is down for you", "A service is down", ("product",)),
    "app_crash": Problem("the app or site fails for you", "The app or site fails", ("device",)),
    "cancel": Problem("you want to cancel{order}", "Wants to cancel{order}", ("order_number",)),
    "complaint": Problem(
        "you are unhappy with how you were treated", "Complains about how they were treated", ("more",)
    ),
    "question_before_buying": Problem(
        "you have a question before buying", "Has a question before buying", ("product", "more")
    ),
}


def problem_of(intent: str) -> Problem:
    """Return what is known of a problem; one that admins added is called by its name."""
    name = intent.replace("_", " ").translate(str.maketrans("", "", "{}"))
    return PROBLEMS.get(intent) or Problem(f"it is about “{name}”", f"Writes about “{name}”", ("more",))


def put_to_customer(problem: str, details: Mapping[str, str | None]) -> str:
    """Return the problem as it follows "It looks like", e.g. "you were charged wrongly for order NW-20418"."""
    return problem_of(problem).to_customer.format(**_named(details))


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
