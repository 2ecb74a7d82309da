"""Put Knock together from its settings: what one process is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from bot.channel import Channel
from bot.channels.square import Square
from bot.channels.telegram import Telegram
from bot.channels.telegram_listening import Webhook
from bot.detect import Detect
from bot.flow import Flow
from bot.pages.app import create_app as create_pages
from bot.settings import BotSettings, Brand, read_brand
from handoff.database import Database
from handoff.live import Live
from handoff.web.app import create_app as create_inbox
from nlu.detector import THRESHOLD, Detector
from nlu.gate import Gate
from nlu.guards import Guards


@dataclass(frozen=True)
class Knock:
    """The parts of one process, all over one record."""

    settings: BotSettings
    brand: Brand
    database: Database
    live: Live
    channels: Mapping[str, Channel]
    flow: Flow

    @property
    def inbox(self) -> FastAPI:
        """The pages for agents."""
        return create_inbox(self.settings, self.database, self.live, self.brand.name)

    @property
    def pages(self) -> ASGIApp:
        """The pages for customers, and in front of them where Telegram pushes its updates."""
        pages = create_pages(self.settings, self.brand, self.database, self.flow, self.live)
        telegram = self.channels.get(Telegram.name)
        if not isinstance(telegram, Telegram) or not self.settings.telegram_webhook_url:
            return pages
        return Starlette(routes=[telegram.webhook_route(self.flow.take), Mount("/", pages)])


def assemble(settings: BotSettings, database_url: str) -> Knock:
    """Everything, connected to nothing yet. Raises `BrandUnreadable`."""
    brand = read_brand(settings.brand_file)
    database = Database(database_url)
    channels = _channels(settings, brand, database)
    flow = Flow(settings, brand, database, channels, detection(settings, brand))
    return Knock(settings, brand, database, Live(database), channels, flow)


def detection(settings: BotSettings, brand: Brand) -> Detect:
    """The cascade for a brand; its detector is trained when there is none in `home` (a few seconds)."""
    gate = Gate({brand.name: brand.words})
    detector = Detector.ensure(settings.home / "models" / "detector")
    return Detect(gate, Guards.read(), detector, brand.detection.threshold or THRESHOLD, brand.own)


def _channels(settings: BotSettings, brand: Brand, database: Database) -> Mapping[str, Channel]:
    channels: dict[str, Channel] = {Square.name: Square(database, settings.public_origin, brand.name)}
    if settings.telegram_token:
        url, secret = settings.telegram_webhook_url, settings.telegram_webhook_secret
        webhook = Webhook(url, secret) if url and secret else None
        channels[Telegram.name] = Telegram(settings.telegram_token, settings.telegram_api, webhook)
    return channels
