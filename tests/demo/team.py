"""The team: four colleagues who sign in, and do to each case what becomes of it."""

import re
import secrets
from collections.abc import Mapping

import httpx

from tests.cast import ANA, BEN, LENA, YUKI, Colleague
from tests.demo.customers import Person

TEAM = (ANA, BEN, LENA, YUKI)
ZONE = "Europe/Madrid"
SAVED = (
    (
        "refund",
        "Money goes back",
        "Hello {{customer}}, {{amount}} is on its way back to you. It takes up to three days.",
    ),
    ("photo", "Ask for a picture", "Hello {{customer}}, could you send us a picture of it here? {{agent}}"),
    (
        "carrier",
        "Ask the carrier",
        "We have asked the carrier, {{customer}}, and write to you as soon as we know more.",
    ),
)
"""Saved replies: key, title and text."""


class Desk:
    """The inbox in the browser of one colleague."""

    def __init__(self, url: str, who: Colleague) -> None:
        self.who = who
        self.browser = httpx.AsyncClient(
            base_url=url, headers={"Origin": url}, follow_redirects=True, timeout=30, trust_env=False
        )

    async def join(self, link: str) -> None:
        """Become one of the team by an invitation."""
        await self._post(link, name=self.who.name, email=self.who.email, password=self.who.password)

    async def invite(self, who: Colleague) -> str:
        """A link for a colleague."""
        page = await self._post("/admin/invite", role=who.role)
        found = re.search(r"http://localhost:\d+(/join/[\w-]+)", page.text)
        assert found, page.text
        return found[1]

    async def cases(self) -> Mapping[str, int]:
        """The thread of each customer who has a case now."""
        page = await self.browser.get("/inbox?view=all&show=200")
        return {
            name: int(number)
            for number, name in re.findall(r'id="row-(\d+)".*?aria-label="Select (.*?)"', page.text, re.S)
        }

    async def work_on(self, thread: int, person: Person) -> None:
        """Bring a case to where its customer's fate is."""
        for tag in person.tags:
            await self._do(thread, "tag", tag=tag)
        if person.priority:
            await self._do(thread, "priority", priority=person.priority)
        if not person.reply:
            return
        await self._do(thread, "claim")
        await self._say(thread, "reply", person.reply)
        if person.note:
            await self._say(thread, "note", person.note)
        if person.fate == "snoozed":
            await self._do(thread, "snooze", until="tomorrow", zone=ZONE)
        if person.fate == "returned":
            await self._do(thread, "give-back")

    async def save_replies(self) -> None:
        """Write what the whole team says often."""
        for key, title, body in SAVED:
            await self._post("/admin/replies", key=key, title=title, body=body)

    async def close(self, thread: int) -> None:
        """End the case."""
        await self._do(thread, "close", stay="true")

    async def _say(self, thread: int, kind: str, text: str) -> None:
        page = await self.browser.get(f"/inbox/{thread}")
        seen = re.search(r'name="seen_seq" value="(\d+)"', page.text)
        assert seen, page.text
        await self._do(thread, kind, text=text, client_id=secrets.token_hex(8), seen_seq=seen[1])

    async def _do(self, thread: int, deed: str, **fields: str) -> None:
        await self._post(f"/inbox/{thread}/{deed}", **fields)

    async def _post(self, path: str, **fields: str) -> httpx.Response:
        page = await self.browser.post(path, data=fields)
        page.raise_for_status()
        return page


async def assemble(url: str, first_link: str) -> dict[str, Desk]:
    """Everybody at their desks, by name."""
    desks = {who.name: Desk(url, who) for who in TEAM}
    await desks[ANA.name].join(first_link)
    for who in TEAM[1:]:
        await desks[who.name].join(await desks[ANA.name].invite(who))
    return desks
