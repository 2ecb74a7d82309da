"""The bot at work: each step again and again, woken by hints, until it is cancelled."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from bot import (
    alarm,
    ask_solved,
    deliver,
    fetch,
    forget,
    gather,
    give,
    look,
    notify,
    offer,
    permit,
    reconcile,
    repeat,
    stop,
    triage,
    understand,
    warn,
)
from bot.brand import Brand
from bot.channel import Channel, Deleted, Halted, Mute, NeverDeliverable, Post
from bot.flow import Flow
from bot.keep_models import KeepModels
from bot.reach import Reach
from bot.settings import BotSettings
from handoff import hands, threads
from handoff.credentials import Seal
from handoff.database import Database
from handoff.failpoints import outside
from handoff.live import Live
from nlu.rasa import Rasa, RasaDown, Turn

log = logging.getLogger(__name__)

HALTED = 60.0
"""Seconds after which a channel that halted is listened to again: what it lacks may have been given to it."""


class Bot:
    """Every step as claim (a transaction), call (none), settle (a transaction). `rasa` is None where there is none."""

    def __init__(
        self,
        settings: BotSettings,
        brand: Brand,
        database: Database,
        live: Live,
        channels: Mapping[str, Channel],
        flow: Flow,
        rasa: Rasa | None,
    ) -> None:
        self._settings, self._brand, self._database, self._live = settings, brand, database, live
        self._channels, self._flow, self._rasa = channels, flow, rasa
        self._offer_terms = offer.Terms(settings.key, brand.name, settings.cool_down)
        reach = Reach(loopback=settings.webhooks_to_loopback)
        self.fetch = fetch.Fetch(database, channels, settings.largest_file)
        self._notify = notify.Notify(database, Seal(settings.key), reach)
        self._give = give.Give(database)
        self._warn = warn.Warn(database)
        self._alarming = alarm.Alarming(database, settings, brand.name)
        self._understand = understand.Understand(database, rasa, permit.trainable())
        self._ask_solved = ask_solved.AskSolved(database, brand.name, settings.undo)
        self.models = KeepModels(settings, database, rasa)
        self._triage_terms = triage.Terms(
            brand.name, frozenset(settings.triage_languages), settings.turn, settings.rasa_wait, settings.quiet
        )

    async def run(self) -> None:
        """Work until cancelled. A step that fails is logged and tried again; none takes another down."""
        async with self._live.subscribed() as hints, asyncio.TaskGroup() as tasks:
            bells = {kind: asyncio.Event() for kind in look.WORK}
            tasks.create_task(repeat.watch(hints, self._look, bells))
            for channel in self._channels.values():
                tasks.create_task(self._listen(channel))
            tasks.create_task(repeat.again("handle updates", self._flow.handle_next, bells["updates"]))
            tasks.create_task(repeat.share("offer", self.claim_offer, bells["offers"]))
            tasks.create_task(repeat.share("triage", self.claim_talk, bells["talks"]))
            tasks.create_task(repeat.share("deliver", self.claim_line, bells["lines"]))
            tasks.create_task(repeat.share("fetch", self.fetch.claim, bells["files"]))
            tasks.create_task(repeat.share("notify", self._notify.claim, bells["tellings"]))
            tasks.create_task(repeat.again("give cases", self._give.next, bells["cases"]))
            tasks.create_task(self.models.run(bells))
            tasks.create_task(repeat.every(2, "ask whether it is solved", self._ask_solved.all))
            tasks.create_task(repeat.every(2, "understand", self._understand.unread))
            tasks.create_task(repeat.every(2, "warn", self._warn.look))
            tasks.create_task(repeat.every(5, "alarm", self._alarming.look))
            tasks.create_task(repeat.every(5, "settle doubts", self.settle_doubts))
            tasks.create_task(repeat.every(60, "look again", self.look_again))
            tasks.create_task(repeat.every(60, "forget", self.forget))
            tasks.create_task(repeat.every(60, "tidy the review", self._understand.tidy))
            tasks.create_task(repeat.every(60, "queue again", self.queue_again))
            tasks.create_task(repeat.every(3600, "forget tellings", self._notify.forget))

    async def _look(self) -> set[str]:
        async with self._database.reading() as session:
            return await look.look(session)

    async def _listen(self, channel: Channel) -> None:
        while True:
            try:
                await channel.listen(self._flow.take)
            except Halted as error:
                await self._halt(channel.name, error)
                await asyncio.sleep(HALTED)
            except Exception:
                log.exception("%s stopped listening; trying again", channel.name)
            await asyncio.sleep(repeat.IDLE)

    async def _halt(self, channel: str, error: Halted) -> None:
        log.error("%s is silent from now on: %s", channel, error)
        async with self._database.transaction("run.halt") as session:
            await permit.halt(session, channel, error)

    async def claim_offer(self) -> repeat.Claim:
        """Claim the next offer; the work is to say it."""
        async with self._database.transaction("offer.claim") as session:
            claimed = await offer.claim(session, self._offer_terms, await permit.silent(session))
        if isinstance(claimed, bool):
            return claimed
        return lambda: self._say_offer(claimed)

    async def _say_offer(self, claimed: offer.Claimed) -> None:
        outcome = await self._try_offer(claimed)
        async with self._database.transaction("offer.settle") as session:
            if isinstance(outcome, Halted):
                await permit.halt(session, claimed.channel, outcome)
            await offer.settle(session, claimed, outcome)

    async def _try_offer(self, claimed: offer.Claimed) -> str | Exception:
        post_id, place = claimed.offer.in_reply_to, claimed.offer.place
        around = await self._public_thread(claimed.channel, post_id, place)
        if why := self._flow.second_thought(post_id, around):
            return NeverDeliverable(why)
        if claimed.too_late:
            return offer.too_slow()
        async with self._database.reading() as session:
            if await offer.is_over(session, claimed):  # a STOP that came while we looked
                return NeverDeliverable("the thread ended meanwhile")
        try:
            async with outside("offer.send"):
                return await self._channels[claimed.channel].offer(claimed.offer)
        except Exception as error:
            log.warning("offer %s on %s: %r", claimed.offer_id, claimed.channel, error)
            return error

    async def claim_talk(self) -> repeat.Claim:
        """Claim the next thread in which the bot must speak; the work is to think and write it down."""
        async with self._database.transaction("triage.claim") as session:
            due = await triage.claim(session, self._triage_terms)
        if due is None:
            return False
        return lambda: self._talk(due)

    async def _talk(self, due: triage.Due) -> None:
        posts = await self._thread_of(due) if due.talk is None else ()
        turn = await self._think(due)
        if isinstance(turn, triage.Ending) or (turn and turn.result):
            posts = posts or await self._thread_of(due)
        async with self._database.transaction("triage.settle") as session:
            if triage.asks_to_stop(turn):
                await stop.stop(session, due.account, "asked the bot to stop", self._brand.name)
            if posts:
                await gather.attach(session, self._settings.key, await threads.locked(session, due.thread_id), posts)
            outcome = await triage.settle(session, self._triage_terms, due, turn)
            await self._understand.keep(session, due.thread_id, due.channel, turn.heard if turn else ())
        if outcome:
            await self._forget_talks([due.thread_id])

    async def _forget_talks(self, thread_ids: Sequence[int]) -> None:
        if self._rasa:
            with suppress(RasaDown):
                for thread_id in thread_ids:
                    await self._rasa.forget(triage.talk_of(thread_id))

    async def _think(self, due: triage.Due) -> Turn | triage.Ending | None:
        try:
            if self._rasa is None:
                raise RasaDown("there is no Rasa here")
            return await triage.think(self._rasa, self._triage_terms, due)
        except RasaDown as down:
            log.warning("thread %s: %s", due.thread_id, down)
            return triage.give_up(self._triage_terms, due)

    async def _thread_of(self, due: triage.Due) -> Sequence[Post | Deleted]:
        if not due.post_id:
            return ()
        async with self._database.reading() as session:
            known = await gather.known(session, due.thread_id)
        return await self._public_thread(due.channel, due.post_id, due.place, known)

    async def _public_thread(
        self, channel: str, post_id: str, place: str | None, known: Sequence[str] = ()
    ) -> Sequence[Post | Deleted]:
        return await self._read(channel, post_id, place, known) or ()

    async def _read(
        self, channel: str, post_id: str, place: str | None, known: Sequence[str], *, is_over: bool = False
    ) -> Sequence[Post | Deleted] | None:
        """`None`: not to be had now. `is_over`: nothing more is added, so that what is gone is all that matters."""
        try:
            async with outside("gather.read"):
                if is_over and isinstance(there := self._channels[channel], Mute):
                    return await there.gone(known)
                return await self._channels[channel].public_thread(post_id, place, known)
        except Halted as error:
            await self._halt(channel, error)
        except Exception as error:
            log.warning("the public thread of post %s on %s could not be read: %r", post_id, channel, error)
        return None

    async def claim_line(self) -> repeat.Claim:
        """Claim the next private line; the work is to send it."""
        async with self._database.transaction("deliver.claim") as session:
            claimed = await deliver.claim(session, self._settings.sending)
        if isinstance(claimed, bool):
            return claimed
        return lambda: self._deliver(claimed)

    async def _deliver(self, claimed: deliver.Claimed) -> None:
        try:
            async with outside("deliver.send"):
                outcome: str | Exception = await self._channels[claimed.channel].send(claimed.line)
        except Exception as error:
            log.warning("message %s on %s: %r", claimed.message_id, claimed.channel, error)
            outcome = error
        async with self._database.transaction("deliver.settle") as session:
            if isinstance(outcome, NeverDeliverable) and outcome.blocked:
                await stop.stop(session, claimed.account, stop.BLOCKED, self._brand.name)
            await deliver.settle(session, claimed, outcome)

    async def settle_doubts(self) -> None:
        """Find out what became of offers that were cut short."""
        async with self._database.transaction("reconcile.recover") as session:
            await reconcile.recover(session, self._settings.lease)
        while True:
            async with self._database.transaction("reconcile.claim") as session:
                doubt = await reconcile.next_doubt(session, self._settings.key)
            if doubt is None:
                return
            found = await self._find(doubt)
            async with self._database.transaction("reconcile.settle") as session:
                await reconcile.settle(session, doubt, found, self._settings.doubt)

    async def _find(self, doubt: reconcile.Doubt) -> str | None:
        try:
            async with outside("reconcile.find"):
                return await self._channels[doubt.channel].find_offer(doubt.token)
        except Exception as error:
            log.warning("offer %s could not be looked for: %s", doubt.offer_id, error)
            return None

    async def look_again(self) -> None:
        """See whether public posts are still there and, of open threads, still say the same."""
        while True:
            async with self._database.transaction("gather.claim") as session:
                stale = await gather.next_stale(session, permit.look_again())
            if stale is None:
                return
            if stale.channel not in self._channels or not stale.known:
                continue
            first, *_ = stale.known
            posts = await self._read(stale.channel, first, stale.place, stale.known, is_over=stale.is_over)
            if posts is None:
                return  # the channel asks us to wait, or is away: so it is for the next
            async with self._database.transaction("gather.settle") as session:
                thread = await threads.locked(session, stale.thread_id)
                gather.looked_at(thread)
                if await gather.attach(session, self._settings.key, thread, posts):
                    threads.touch(session, thread)

    async def forget(self) -> None:
        """Forget what is due."""
        async with self._database.transaction("forget") as session:
            await forget.links(session, self._settings.link_life)
            await forget.strangers(session)
            retention, keep = timedelta(days=self._brand.retention_days), timedelta(days=self._brand.keep_days)
            await forget.chats(session, retention, keep)
            await forget.updates(session)
            await forget.browsers(session)
            over = await forget.lately_over(session)
        await self._forget_talks(over)

    async def queue_again(self) -> None:
        """Put cases whose customer waits for an agent who is gone into the queue again."""
        async with self._database.reading() as session:
            alone = await hands.left_alone(session, self._settings.silence)
        for thread_id in alone:
            async with self._database.transaction("queue.again") as session:
                await hands.take_back(session, thread_id)
