"""Rasa as a process: reachable from this machine only, closed to who has no token, and no loss when it dies."""

import os

import httpx
import psutil
import pytest

from nlu.rasa import RasaDown, seed
from nlu.server import environment
from tests.rasa_server import RasaServer


@pytest.mark.parametrize("name", ["rasa", "actions"])
def test_it_listens_on_loopback_only(rasa: RasaServer, name: str) -> None:
    process = psutil.Process(rasa.pid(name))
    family = [process, *process.children(recursive=True)]
    listening = [c.laddr for one in family for c in one.net_connections("all") if c.status == psutil.CONN_LISTEN]
    assert {address.ip for address in listening} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/model"),
        ("DELETE", "/model"),
        ("POST", "/model/train"),
        ("POST", "/model/parse"),
        ("GET", "/status"),
        ("GET", "/domain"),
        ("GET", "/conversations/a-talk/tracker"),
        ("PUT", "/conversations/a-talk/tracker/events"),
    ],
)
@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong"])
def test_without_the_token_it_refuses(rasa: RasaServer, method: str, path: str, query: str) -> None:
    answer = httpx.request(
        method, rasa.url + path + query, json={"model_file": "/tmp/evil.tar.gz"}, timeout=60, trust_env=False
    )
    assert answer.status_code == 401


def test_a_list_of_processes_does_not_show_the_token(rasa: RasaServer) -> None:
    assert rasa.token not in " ".join(psutil.Process(rasa.pid()).cmdline())


def test_our_secrets_do_not_reach_it() -> None:
    os.environ["KNOCK_A_SECRET"] = "hunter2"
    try:
        given = environment()
    finally:
        del os.environ["KNOCK_A_SECRET"]
    assert "KNOCK_A_SECRET" not in given
    assert given["RASA_TELEMETRY_ENABLED"] == "false"


async def test_a_talk_goes_on_after_rasa_was_killed_and_started_again(rasa: RasaServer) -> None:
    async with rasa.client() as client:
        begun = await client.begin("t", seed([await client.parse("I was charged twice")]))
        rasa.kill()
        try:
            assert not await client.ready()
            with pytest.raises(RasaDown):
                await client.converse("t", begun.events, "yes")
        finally:
            rasa.start()
        asked = await client.converse("t", begun.events, "yes")
        assert "order number" in asked.answers[0].text


async def test_a_dead_action_server_is_rasa_down(rasa: RasaServer) -> None:
    async with rasa.client() as client:
        begun = await client.begin("t", seed([await client.parse("I was charged twice")]))
        rasa.kill("actions")
        try:
            with pytest.raises(RasaDown):
                await client.converse("t", begun.events, "yes")
            with pytest.raises(RasaDown):
                await client.begin("t", [])
        finally:
            rasa.start()
        assert (await client.converse("t", begun.events, "yes")).answers


async def test_each_turn_tells_what_was_understood_of_the_line_and_how_surely(rasa: RasaServer) -> None:
    async with rasa.client() as client:
        begun = await client.begin("heard", seed([]))
        (heard,) = (await client.converse("heard", begun.events, "I was charged twice for one order")).heard
        alone = await client.parse("I was charged twice for one order")
    assert (heard.intent, heard.ranking[0][0]) == ("charged_wrongly", "charged_wrongly")
    assert heard.ranking == alone.ranking
    assert [confidence for _, confidence in heard.ranking] == sorted((one for _, one in heard.ranking), reverse=True)
