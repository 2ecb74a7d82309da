"""The people of the tests, the same everywhere: who they are tells what the test is about."""

from dataclasses import dataclass

from bot.channel import Author
from handoff.base import Role


@dataclass(frozen=True)
class Colleague:
    """Somebody of the team."""

    name: str
    email: str
    password: str
    role: Role = "agent"


MARA = Author("1001", "mara_k", "Mara")
"""A customer whose parcel did not come; writes English, patient."""

NOOR = Author("1002", "noor", "Noor نور")
"""A customer with an app that crashes; her name runs from right to left."""

JOSE = Author("1003", "jose.p", "José")
"""A customer who was charged twice; writes Spanish."""

AIKO = Author("1004", None, "Aiko 🌸")
"""A customer without a handle."""

TROLL = Author("1666", "x_trouble_x", "<script>alert(1)</script>")
"""Opens links that are not theirs, and writes what breaks pages."""

ROBOT = Author("1999", "deals_bot", "Deals", is_bot=True)
"""A bot of somebody else."""

ANA = Colleague("Ana", "ana@northwind.example", "correct horse battery", role="admin")
"""An admin."""

BEN = Colleague("Ben", "ben@northwind.example", "staple tower of paper")
"""An agent."""

LENA = Colleague("Lena", "lena@northwind.example", "seven quiet rivers", role="lead")
"""Leads the agents."""

YUKI = Colleague("Yuki", "yuki@northwind.example", "numbers do not lie", role="analyst")
"""An analyst: reads, and changes nothing."""
