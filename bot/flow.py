"""The table of contents: what happens on a post, on a click, on a private message."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot import ask_delete, ask_solved, end, forget, gather, hear, listen, offer, opt_in, permit, prove, stop
from bot.brand import Brand
from bot.channel import (
    Author,
    Blocked,
    Channel,
    Click,
    Deleted,
    Edited,
    Event,
    Post,
    PrivateMessage,
    Unreadable,
    Update,
    WayIn,
)
from bot.detect import Decision
from bot.opt_in import Clicked, Landing
from bot.say import say
from bot.settings import BotSettings
from handoff import codes, database, people, threads, tokens, visits
from handoff.database import Database
from nlu import language

log = logging.getLogger(__name__)


class Detects(Protocol):
    """What the flow needs of `bot.detect.Detect`."""

    def judge(self, posts: Sequence[Post], threads: Mapping[str, Sequence[Post]] | None = None) -> list[Decision]:
        """A decision for each post; `threads`: the posts around a post, by its id, where they are known."""


class Flow:
    """The order of the steps. Each public method is an edge: one transaction, and the platform may forget the event."""

    def __init__(
        self, settings: BotSettings, brand: Brand, database: Database, channels: Mapping[str, Channel], detect: Detects
    ) -> None:
        self._database = database
        self._channels = channels
        self._detect = detect
        self._brand = brand
        self._key = settings.key
        self._codes = prove.Codes()
        self._terms = offer.Terms(settings.key, brand.name, settings.cool_down)
        wordings = {language: brand.consent_in(language, "talk") for language in brand.languages}
        self._yes = opt_in.Yes(settings.key, brand.name, wordings, brand.consent.version, settings.link_life)

    async def take(self, updates: Sequence[Update]) -> None:
        """Write updates down; after this they may be acknowledged."""
        async with self._database.transaction("flow.take") as session:
            await listen.write_down(session, updates)

    async def handle_next(self) -> bool:
        """Handle the oldest update that waits. `False`: none did."""
        async with self._database.transaction("flow.handle") as session:
            update = await listen.next_update(session)
            if update is None:
                return False
            try:
                async with session.begin_nested():
                    for event in self._channels[update.channel].read(update.payload or {}):
                        await self._on(session, event)
                    await database.check(session)
                listen.handled(update)
            except Unreadable as error:
                listen.set_aside(update, str(error))
            except database.AWAY:
                raise
            except Exception as error:
                log.exception("update %s of %s could not be handled", update.external_id, update.channel)
                listen.failed(update, error)
        return True

    async def on_click(self, click: Click, proof: str = "signed in to the square") -> Clicked:
        """Somebody pressed the button of an offer, on our page; `proof` is how we know who."""
        async with self._database.transaction("flow.click") as session:
            return await opt_in.click(session, self._yes, click, proof)

    async def on_proof(self, visit_id: int, channel: str, author: Author, cookie: str) -> Clicked:
        """A browser came back from signing in as `author`. The right one is known by `cookie` from now on.

        `unknown`: it took too long, or was ended meanwhile. Of anybody else only a line in the thread is left.
        """
        async with self._database.transaction("flow.prove") as session:
            claimed = await prove.claim(session, visit_id)
            if claimed is None:
                return Clicked("unknown")
            how = f"signed in with {channel.capitalize()}"
            return await self._prove(session, claimed, channel, author, how, cookie)

    async def on_message(self, message: PrivateMessage) -> None:
        """Somebody wrote to us in private, on our page. Nothing begins anew by it if all was deleted meanwhile."""
        async with self._database.transaction("flow.message") as session:
            await self._on_message(session, message, begins=False)

    async def on_stop(self, token: str, by: str, *, proven: bool) -> Literal["stopped", "theirs", "unknown"]:
        """STOP by the link of an offer. Who holds it can stop us, but a chat that is open only its author can end."""
        async with self._database.transaction("flow.stop") as session:
            landing = await opt_in.landing(session, self._yes, token)
            if landing is None:
                return "unknown"
            if not proven and await opt_in.in_chat(session, landing.account):
                return "theirs"
            await stop.stop(session, landing.account, by, self._brand.name)
            return "stopped"

    def second_thought(self, post_id: str, around: Sequence[Post | Deleted]) -> str | None:
        """Why a post shall not be answered after all, now that the posts around it are known; `None` if it shall.

        It may have been changed, or stand where one more voice would do harm. A post that is not among those around
        it is out of our reach, which says nothing.
        """
        found = next((one for one in around if one.id == post_id), None)
        if isinstance(found, Deleted):
            return "the post is gone"
        if found is None:
            return None
        decision = self._detect.judge([found], {post_id: [one for one in around if isinstance(one, Post)]})[0]
        return None if decision.mention else decision.reason

    async def on_return(self, click: Click, proof: str = "signed in to the square") -> bool:
        """Somebody who said STOP to an offer of theirs asks for help after all. `False`: the offer was for another."""
        async with self._database.transaction("flow.return") as session:
            landing = await opt_in.landing(session, self._yes, click.token or "")
            if landing is None or landing.account != people.account_hash(self._key, click.channel, click.author.id):
                return False
            proof = f"{proof}, after a STOP"
            author, speaks = click.author, landing.language
            await opt_in.alone(session, self._yes, click.channel, author, speaks, proof, click.language)
            await visits.stay(session, landing.account)
            return True

    async def landing(self, token: str) -> Landing | None:
        """What the page behind a link may know. Looking changes nothing."""
        async with self._database.reading() as session:
            return await opt_in.landing(session, self._yes, token)

    def way_in(self, channel: str, token: str) -> WayIn:
        """How the author of a post can prove who they are; in no way where the channel is not set up any more."""
        there = self._channels.get(channel)
        return there.way_in(token) if there else WayIn()

    async def _on(self, session: AsyncSession, event: Event) -> None:
        match event:
            case Post():
                await self._on_post(session, event)
            case Click():
                await self._on_start(session, event)
            case PrivateMessage():
                await self._on_direct(session, event)
            case Edited() | Deleted():
                await self._on_change(session, event)
            case Blocked():
                await stop.stop(session, self._account(event), stop.BLOCKED, self._brand.name)

    async def _on_post(self, session: AsyncSession, post: Post) -> None:
        if await self._on_code(session, post):
            await listen.count(session, post.channel, "a code")
            return
        decision = self._detect.judge([post])[0]
        if stop.is_stop(post.text) and await self._is_to_us(session, post, decision):
            await stop.stop(session, self._account(post), "a word in public", self._brand.name)
            return
        outcome = decision.reason
        if decision.mention:
            outcome = await self._offer(session, post)
        await listen.count(session, post.channel, outcome)

    async def _is_to_us(self, session: AsyncSession, post: Post, decision: Decision) -> bool:
        """Whether a STOP in public is said to us: it names us, or it names nobody and we know who says it."""
        us = self.way_in(post.channel, "").code_to
        if decision.brand is not None or (us is not None and prove.is_to(us, post)):
            return True
        return "@" not in post.text and await people.find(session, self._account(post)) is not None

    async def _offer(self, session: AsyncSession, post: Post) -> str:
        speaks = self._speaks(post)
        text, label = self._brand.offer_in(speaks)
        if permit.needs_opt_out(post.channel):
            text = f"{text} {say('opt_out', speaks)}"
        refused = await permit.why_not(session, post, text, label)
        return refused or await offer.propose(session, self._terms, post, speaks, text, label)

    async def _on_start(self, session: AsyncSession, click: Click) -> None:
        """A click that came through the channel itself, which proves who it was: Telegram's Start."""
        clicked, how = Clicked("unknown"), "pressed Start"
        if click.token:
            clicked = await opt_in.click(session, self._yes, click, how)
        is_there = clicked.outcome == "already" and await opt_in.in_chat(session, self._account(click))
        if is_there or clicked.outcome == "opted_in":
            return
        speaks = self._language(click.author.language)
        thread = await opt_in.alone(session, self._yes, click.channel, click.author, speaks, how)
        if clicked.outcome == "not_author":
            await opt_in.say_not_yours(session, thread, click)

    async def _on_code(self, session: AsyncSession, said: Post | PrivateMessage) -> bool:
        """Whether a code is said to us: the author's shows that a browser is theirs, from others we hear nothing."""
        way = self.way_in(said.channel, "")
        if way.link is not None or not prove.is_to(way.code_to, said):
            return False
        visit = await self._codes.find(session, self._account(said), said)
        claimed = await prove.claim(session, visit.id) if visit else None
        if claimed is None:
            return isinstance(said, Post) and codes.is_only_a_code(said.text)
        how = "posted the code" if isinstance(said, Post) else "sent us the code"
        clicked = await self._prove(session, claimed, said.channel, said.author, how)
        if clicked.outcome == "not_author":
            self._codes.wrong(self._account(said), said.at)
        return True

    async def _prove(
        self, session: AsyncSession, claimed: prove.Claimed, channel: str, author: Author, how: str, cookie: str = ""
    ) -> Clicked:
        visit, offer_id = claimed.visit, claimed.offer.id
        token = tokens.offer_token(self._key, offer_id)
        click = Click(channel, f"visit:{visit.id}", author, token, datetime.now(UTC), visit.language)
        clicked = await opt_in.click(session, self._yes, click, how)
        if clicked.outcome in ("opted_in", "already", "stopped"):
            await prove.settle(session, claimed, author, how, cookie)
        elif cookie:
            await session.delete(visit)
        return clicked

    async def _on_direct(self, session: AsyncSession, message: PrivateMessage) -> None:
        """A private line on the channel itself. Where we talk on our own page, nothing can begin by it."""
        if self.way_in(message.channel, "").link is not None or stop.is_stop(message.text):
            await self._on_message(session, message)
        elif not await self._on_code(session, message):
            customer = await people.find(session, self._account(message))
            if customer is not None and await threads.is_talking(session, customer):
                await self._on_message(session, message)
            else:
                await listen.count(session, message.channel, "a direct message that nobody asked for")

    async def _on_message(self, session: AsyncSession, message: PrivateMessage, *, begins: bool = True) -> None:
        author, account = message.author, self._account(message)
        promise = await people.promise(session, account)
        customer, says_stop = await people.find(session, account), stop.is_stop(message.text)
        if customer and not says_stop and await ask_delete.is_sure(session, customer, message):
            await forget.person(session, account, author.id)
            return
        thread = await threads.latest_opted_in(session, customer) if customer else None
        if says_stop:
            if thread is not None:
                await hear.hear(session, thread, replace(message, files=(), attached=()))  # no file holds up a STOP
            await stop.stop(session, account, "a word in private", self._brand.name)
            return
        if ask_delete.asked(message) is not None:
            if thread is not None and customer and customer.external_id is not None:  # we have an address of theirs
                await ask_delete.answer(session, thread, message)
            return
        if customer is None or thread is None or await threads.has_newer(session, customer, thread):
            silent = await people.stands_stopped(session, promise)  # until they press Start again
            if thread is None and (silent or not begins):
                return
            if thread is None or not silent:
                speaks = self._speaks(message)
                thread = await opt_in.alone(session, self._yes, message.channel, author, speaks, "wrote to us")
        elif customer.external_id is None:  # forgotten after the retention time, and back
            customer.external_id, customer.handle, customer.name = author.id, author.handle, author.name
        said = await hear.hear(session, thread, message)
        if said is None or not await people.may_talk(session, thread):
            return
        solved = ask_solved.answer(said.text, thread.language)
        if solved is None or not await end.heard(session, thread, account, solved, self._brand.name):
            hear.wake(thread, said)

    async def _on_change(self, session: AsyncSession, event: Edited | Deleted) -> None:
        if isinstance(event, Edited) and stop.is_stop(event.text) and await people.find(session, self._account(event)):
            await stop.stop(session, self._account(event), "a word", self._brand.name)
        for thread, message in await gather.said_in(session, event.channel, event.id):
            if isinstance(event, Deleted):
                gather.bury(message)
            elif message.deleted_at is None:
                message.text, message.edited_at = event.text, event.at
            threads.touch(session, thread)

    def _account(self, event: Post | Click | PrivateMessage | Edited | Blocked) -> str:
        return people.account_hash(self._key, event.channel, event.author.id)

    def _speaks(self, said: Post | PrivateMessage) -> str:
        told = said.author.language or language.guess(said.text, self._brand.languages)
        return language.heard(said.text, self._language(told))

    def _language(self, wanted: str | None) -> str:
        return wanted if wanted and wanted in self._brand.languages else self._brand.languages[0]
