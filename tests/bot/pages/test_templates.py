"""What no template may hold, because the browser is told to refuse it."""

import re
from pathlib import Path

import pytest

import bot.pages.app

HERE = Path(bot.pages.app.__file__).parent
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
SCRIPTS = sorted((HERE / "static").glob("*.js"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"hx-on|\sjs:|\sstyle=|<style|javascript:|\son\w+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"\|\s*safe\b|Markup\(|autoescape", text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_makes_html_only_through_the_one_policy(script: Path) -> None:
    text = script.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text)
    assert text.count("createHTML(html)") == (1 if script.name == "live.js" else 0)


def test_the_look_knows_no_left_and_no_right() -> None:
    css = (HERE / "static" / "knock.css").read_text()
    assert not re.search(
        r"(margin|padding|border)-(left|right)|[;{ ](left|right):|(float|text-align): ?(left|right)", css
    )
    assert not re.search(r"border-radius:(?: [\w.%]+){2,}", css)
