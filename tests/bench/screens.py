"""When people see what: clocks in the page itself, from a key or a click to the frame that shows the answer."""

import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, Page

CLOCK = """(() => {
    const now = () => performance.timeOrigin + performance.now();
    const acted = (event) => {
        if (!event.isTrusted || (event.type === "click" && !event.detail)) return; // a key that clicks is a key
        sessionStorage.setItem("acted", performance.timeOrigin + event.timeStamp);
    };
    for (const kind of ["keydown", "click"]) addEventListener(kind, acted, true);
    window.shown = {};
    window.lookFor = (selector, text) => {
        const { promise, resolve, reject } = Promise.withResolvers();
        window.shown[selector + text] = promise;
        promise.catch(() => {});
        const isThere = (one) => one.textContent.includes(text) && one.checkVisibility();
        const painted = () => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve(now());
            port2.postMessage(0);
        };
        let found = false;
        const look = () => {
            if (found || ![...document.querySelectorAll(selector)].some(isThere)) return;
            found = true;
            observer.disconnect();
            requestAnimationFrame(painted);
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
        for (const kind of ["focusin", "change", "toggle"]) addEventListener(kind, look, true);
        setTimeout(() => reject(new Error(`${location.pathname}: ${selector} never showed "${text}"`)), 15_000);
        look();
    };
})()"""
"""A frame counts once it was painted: a message that was posted from its callback arrives after it."""

LARGEST = """() => new Promise((resolve) => {
    let last = 0;
    const seen = (entries) => { for (const { startTime } of entries) last = startTime; };
    const observer = new PerformanceObserver((list) => seen(list.getEntries()));
    observer.observe({ type: "largest-contentful-paint", buffered: true });
    setTimeout(() => {
        seen(observer.takeRecords());
        const { responseEnd } = performance.getEntriesByType("navigation")[0];
        resolve({ html: responseEnd, largest: last, at: performance.timeOrigin + last });
    }, 150);
})"""
"""The largest paint of this page, and when its HTML had come: ms since it was asked for, and on the clock."""


@dataclass(frozen=True)
class Sight:
    """What somebody will see: an element with these words on a page."""

    page: Page
    selector: str
    words: str = ""


def now() -> float:
    """The time as the pages' clocks tell it, in ms."""
    return time.time() * 1000


async def watched(context: BrowserContext) -> BrowserContext:
    """Every page that is opened from now on in this browser has clocks."""
    context.set_default_timeout(20_000)
    await context.add_init_script(CLOCK)
    return context


async def look_for(*sights: Sight) -> None:
    """Begin to look."""
    for sight in sights:
        await sight.page.evaluate("([selector, words]) => lookFor(selector, words)", [sight.selector, sight.words])


async def shown_at(sight: Sight) -> float:
    """When it was on the screen, in ms; it was looked for before. Raises after 15 s."""
    return float(await sight.page.evaluate("(key) => shown[key]", sight.selector + sight.words))


async def acted_at(page: Page) -> float:
    """When the last key or click reached the page, in ms."""
    return float(await page.evaluate("() => Number(sessionStorage.getItem('acted'))"))


async def after(by: Page, deed: Awaitable[Any], *sights: Sight) -> list[float]:
    """Do it with a key or a click on a page; the ms from that until each sight is on its screen."""
    await look_for(*sights)
    await deed
    began = await acted_at(by)
    return [await shown_at(sight) - began for sight in sights]


async def largest(page: Page) -> tuple[float, float, float]:
    """Of the page that was just loaded: ms until its HTML was there, until its largest paint, and when that was."""
    found = await page.evaluate(LARGEST)
    return float(found["html"]), float(found["largest"]), float(found["at"])
