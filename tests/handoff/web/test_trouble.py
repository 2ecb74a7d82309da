"""When something is broken, a page says so in a sentence, and what to do now."""

import logging
import re
from pathlib import Path

import httpx
import pytest

from handoff.database import Database
from handoff.live import Live
from handoff.settings import Settings
from handoff.web.app import create_app
from handoff.web.drawing import assets
from tests.handoff.web.conftest import ORIGIN, Inbox

WEB = Path("handoff/web")


async def test_while_the_record_is_away_every_page_says_to_wait(tmp_path: Path) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nowhere")
    app = create_app(Settings(home=tmp_path, secret="a secret"), away, Live(away), "Northwind")
    cookies = {"knock_inbox": "a cookie from before"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, cookies=cookies, headers={"Origin": ORIGIN}
    ) as visitor:
        for path in ("/inbox", "/inbox/1", "/admin", "/join/token"):
            answer = await visitor.get(path)
            assert answer.status_code == 503
            assert "try again in a moment. Nothing you wrote is lost." in answer.text
        assert (await visitor.post("/login", data={"email": "a@b", "password": "c"})).status_code == 503
        assert (await visitor.get("/login")).status_code == 200
        health = await visitor.get("/healthz")
    assert (health.status_code, health.json()) == (503, {"database": "away"})
    await away.close()


async def test_health_is_told_to_whoever_asks(inbox: Inbox) -> None:
    answer = await (await inbox.visitor()).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok"})


async def test_a_fault_of_ours_has_a_number_that_the_log_knows(
    inbox: Inbox, ben: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise RuntimeError("the secret of the house")

    inbox.app.add_api_route("/broken", broken)
    with caplog.at_level(logging.ERROR):
        answer = await ben.get("/broken")
    assert answer.status_code == 500
    assert "the secret of the house" not in answer.text
    number = re.search(r"number: (\w{8})\.", answer.text)
    assert number
    assert number[1] in caplog.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("template", sorted(WEB.glob("templates/*.html")), ids=lambda path: path.name)
def test_s3_no_template_holds_what_the_policy_forbids(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\son\w+=|\sstyle=|javascript:|\|\s*safe|<style|hx-", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("script", sorted(WEB.glob("static/*.js")), ids=lambda path: path.name)
def test_no_script_makes_html_or_code_out_of_text(script: Path) -> None:
    text = script.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text)
    assert len(text.splitlines()) < 150


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = assets()._files["icons.svg"].decode()
    there = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    named = {
        name
        for template in WEB.glob("templates/*.html")
        for name in re.findall(r'icon\("([\w-]+)"', template.read_text())
    }
    assert named <= there
