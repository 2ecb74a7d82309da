"""Put Knock together from its settings: what one process is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from bot.brand import Brand, read_brand
from bot.channel import Channel, Take
from bot.channels.square import Square
from bot.channels.telegram import Telegram
from bot.channels.telegram_listening import Webhook
from bot.channels.x import X, oauth, redirect_uri
from bot.channels.x_connecting import SCOPE, WITH_MESSAGES, Connecting
from bot.channels.x_renewing import OurKey
from bot.detect import Detect, judged
from bot.flow import Flow
from bot.pages.app import create_app as create_pages
from bot.permit import policies
from bot.say import say
from bot.settings import BotSettings
from bot.spend import Purse
from handoff.database import Database
from handoff.hearing import Hearing
from handoff.live import Live
from handoff.web.app import create_app as create_inbox
from nlu.detector import THRESHOLD, Detector
from nlu.gate import Gate
from nlu.guards import Guards

LISTENING_BESIDE = 0.5
"""The part of a day's budget up to which a search may spend: the rest is for mentions and replies."""


@runtime_checkable
class Pushed(Protocol):
    """A channel that may push updates to us."""

    def routes(self, take: Take) -> list[Route]:
        """Where it pushes to; nowhere, if it is asked instead."""


@runtime_checkable
class Connected(Protocol):
    """A channel that holds connections of its own."""

    async def stop(self) -> None:
        """Close them."""


@dataclass(frozen=True)
class Knock:
    """The parts of one process, all over one record."""

    settings: BotSettings
    brand: Brand
    database: Database
    live: Live
    channels: Mapping[str, Channel]
    flow: Flow
    hearing: Hearing

    @property
    def inbox(self) -> FastAPI:
        """The pages for agents."""
        return create_inbox(self.settings, self.database, self.live, self.brand.name, self.hearing)

    @property
    def pages(self) -> ASGIApp:
        """The pages for customers, and in front of them where channels push their updates."""
        pages = create_pages(self.settings, self.brand, self.database, self.flow, self.live)
        pushed = [one for one in self.channels.values() if isinstance(one, Pushed)]
        routes = [route for one in pushed for route in one.routes(self.flow.take)]
        return Starlette(routes=[*routes, Mount("/", pages)]) if routes else pages

    async def close(self) -> None:
        """Close every connection."""
        for channel in self.channels.values():
            if isinstance(channel, Connected):
                await channel.stop()
        await self.database.close()


def assemble(settings: BotSettings, database_url: str) -> Knock:
    """Everything, connected to nothing yet. Raises `BrandUnreadable`."""
    brand = read_brand(settings.brand_file)
    database = Database(database_url)
    channels = _channels(settings, brand, database)
    detect = detection(settings, brand)
    flow = Flow(settings, brand, database, channels, detect)
    hearing = Hearing(brand.words, _threshold(brand), settings.cool_down_days, partial(judged, detect))
    return Knock(settings, brand, database, Live(database), channels, flow, hearing)


def detection(settings: BotSettings, brand: Brand) -> Detect:
    """The cascade for a brand; its detector is trained when there is none in `home` (a few seconds)."""
    gate = Gate({brand.name: brand.words})
    detector = Detector.ensure(settings.home / "models" / "detector")
    return Detect(gate, Guards.read(), detector, _threshold(brand), brand.own)


def _threshold(brand: Brand) -> float:
    return brand.detection.threshold or THRESHOLD


def _menu(brand: Brand) -> Mapping[str, Mapping[str, str]]:
    """What can be asked for in a chat that has no page, in each language of the brand; the first one is for all."""
    commands = ("stop", "privacy", "delete")
    spoken = {"": brand.languages[0]} | {language: language for language in brand.languages[1:]}
    return {code: {word: say(f"command_{word}", language) for word in commands} for code, language in spoken.items()}


def _channels(settings: BotSettings, brand: Brand, database: Database) -> Mapping[str, Channel]:
    channels: dict[str, Channel] = {Square.name: Square(database, settings.public_origin, brand.name)}
    if settings.telegram_token:
        url, secret = settings.telegram_webhook_url, settings.telegram_webhook_secret
        webhook = Webhook(url, secret) if url and secret else None
        channels[Telegram.name] = Telegram(settings.telegram_token, settings.telegram_api, webhook, _menu(brand))
    if settings.x_client_id:
        prices = policies()[X.name].price
        purse, spare = (Purse(database, X.name, prices, settings.x_budget * part) for part in (1, LISTENING_BESIDE))
        channels[X.name] = X(settings, database, key_of_x(settings, database), purse, spare)
    return channels


def key_of_x(settings: BotSettings, database: Database) -> OurKey:
    """The tokens of our account on X."""
    return OurKey(database, settings.key, oauth(settings), settings.x_access_token, settings.x_refresh_token)


def connecting_x(settings: BotSettings, database: Database) -> Connecting:
    """What `knock connect x` does."""
    scope = WITH_MESSAGES if settings.x_webhook_url else SCOPE
    return Connecting(oauth(settings), key_of_x(settings, database), redirect_uri(settings), scope)
