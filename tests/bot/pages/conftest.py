"""The world of the pages, new for each test."""

import socket
from pathlib import Path

import pytest

from bot.brand import read_brand
from bot.channels.square import Square
from bot.detect import Detect
from bot.flow import Flow
from bot.pages.app import create_app
from bot.run import Bot
from bot.settings import BotSettings
from handoff.database import Database
from handoff.live import Live
from nlu.detector import Detector
from nlu.gate import Gate
from nlu.guards import Guards
from tests.bot.pages.world import World

BRAND = Path(__file__).parents[3] / "knock.toml"


@pytest.fixture
def world(database: Database, detector: Detector, tmp_path: Path) -> World:
    """The pages, the flow and the bot on an empty record; Rasa is away, so whoever opts in goes to a human at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = BotSettings(home=tmp_path, secret="a secret of the tests", public_port=port, rasa_wait_seconds=0)
    brand = read_brand(BRAND)
    detect = Detect(Gate({brand.name: brand.words}), Guards.read(), detector)
    channels = {"square": Square(database, settings.public_origin, brand.name)}
    live = Live(database)
    flow = Flow(settings, brand, database, channels, detect)
    bot = Bot(settings, brand, database, live, channels, flow, None)
    return World(settings, database, flow, live, bot, create_app(settings, brand, database, flow, live))
