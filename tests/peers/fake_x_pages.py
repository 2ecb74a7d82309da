"""The pages of our fake X, for people who try things out: who they are, what is posted, posting, and signing in."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.peers.fake_x_posts import Account, Post
from tests.peers.fake_x_text import LONGEST, weight
from tests.peers.fake_x_tokens import Tokens
from tests.peers.fake_x_world import World

MOST_CONVERSATIONS = 50
MOST_PEOPLE = 20
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "x_pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Pages:
    """Plain HTML, no scripts."""

    def __init__(self, world: World, tokens: Tokens) -> None:
        self._world, self._tokens = world, tokens

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/", self.timeline),
            Route("/say", self.say, methods=["POST"]),
            Route("/i/oauth2/authorize", self.ask, methods=["GET"]),
            Route("/i/oauth2/authorize", self.come_back, methods=["POST"]),
        ]

    async def timeline(self, request: Request) -> Response:
        """Everything that was posted, the newest conversation first."""
        people = self._people()
        if not people:
            return self._sorry("Nobody is here yet")
        with self._world.lock:
            roots = [post for post in reversed(self._world.order) if post.is_current and not post.answers]
            who = self._world.with_username(request.query_params.get("as", "")) or people[0]
            more: Any = {"people": people, "who": who, "roots": roots[:MOST_CONVERSATIONS], "linked": linked}
            return self._page("timeline.html", title="A pretended X", **more)

    async def say(self, request: Request) -> Response:
        """Post, answer, or delete."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        who = self._world.with_username(form.get("as", ""))
        post = self._world.posts.get(form.get("post", ""))
        text = form.get("text", "").replace("\r\n", "\n").strip()
        if who is None or (form.get("post") and post is None):
            return self._sorry("That is gone", 404)
        if "delete" in form and post and post.author is who:
            self._world.delete(post)
        elif not text or weight(text) > LONGEST:
            return self._sorry(f"A post has 1 to {LONGEST} characters", 400)
        else:
            post = self._world.post(who.name, text, answers=post)
        return RedirectResponse(f"/?{urlencode({'as': who.username})}#p{post.id if post else ''}", 303)

    async def ask(self, request: Request) -> Response:
        """The sign-in page of an app."""
        if trouble := self._tokens.trouble_with(request.query_params):
            return self._sorry("Something went wrong", 400, f"The app asks for what it may not have: {trouble}.")
        scope = request.query_params["scope"]
        return self._page("sign_in.html", title="Sign in", people=self._people(), scope=scope)

    async def come_back(self, request: Request) -> Response:
        """Somebody chose; back to the app."""
        asked = request.query_params
        if self._tokens.trouble_with(asked):
            return await self.ask(request)
        chosen = self._world.with_username(str((await request.form()).get("as", "")))
        with self._world.lock:
            return RedirectResponse(self._tokens.approve(asked, chosen) if chosen else self._tokens.cancel(asked), 302)

    def _people(self) -> list[Account]:
        found = [account for account in self._world.accounts.values() if account is not self._world.bot]
        return [account for account in found if not account.suspended][:MOST_PEOPLE]

    def _sorry(self, title: str, status: int = 200, sentence: str = "") -> Response:
        return self._page("sorry.html", status, title=title, sentence=sentence)

    def _page(self, name: str, status: int = 200, **more: Any) -> Response:
        return HTMLResponse(TEMPLATES.get_template(name).render(world=self._world, **more), status)


def linked(post: Post) -> Markup:
    """The text with its addresses to click on; the signs of it are escaped already."""
    text = Markup(post.whole.text)
    for link in reversed(post.whole.links):
        address = Markup('<a href="{0}">{0}</a>').format(link.address)
        text = text[: link.start] + address + text[link.end :]
    return text
