"""The inbox as an application: what stands in front of every page, and the pages."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy import text

from handoff.api.app import create_api
from handoff.database import Database
from handoff.hearing import Hearing
from handoff.live import Live
from handoff.settings import Settings
from handoff.web import (
    admin,
    attaching,
    audit,
    clocks,
    comparing,
    composing,
    customers,
    examples,
    giving,
    guard,
    guessing,
    handbook,
    importing,
    inbox,
    integrations,
    intents,
    looks,
    marking,
    me,
    oidc,
    patterns,
    presences,
    proofs,
    relabelling,
    replies,
    reporting,
    reviewing,
    rules,
    saved_views,
    second_factor,
    sign_in,
    similar,
    tags,
    teams,
    training,
    trouble,
    trying,
    unmasking,
    versions,
    wishes,
    writing,
)
from handoff.web.alike import Alike
from handoff.web.commons import Commons
from handoff.web.drawing import assets
from handoff.web.oidc import provider_of
from handoff.web.site import Here, Site
from handoff.web.uploads import largest_body

API = "/api/v1"
"""Where the API is: who comes there shows a token and no cookie, so that no other site can send in their name."""


def create_app(
    settings: Settings, database: Database, live: Live, brand_name: str, hearing: Hearing | None = None
) -> FastAPI:
    """The pages for agents and admins. Whoever runs it also runs `live`, and closes it first when it ends."""
    app = FastAPI(
        title="Knock inbox",
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=dict(trouble.HANDLERS),
        telemetry=guard.UNTRACED,
    )
    heard = hearing or Hearing()
    app.state.site = Site(settings, database, live, Commons(database), brand_name, provider_of(settings), heard)
    app.state.alike = Alike()
    larger = {r"/inbox/\d+/files": largest_body(settings.largest_file), "/admin/nlu/import": importing.LARGEST_BODY}
    larger["/admin/rules"] = rules.LARGEST_BODY
    app.add_middleware(guard.BodyLimit, larger=larger, longer=examples.LARGEST_BODIES)
    app.add_middleware(guard.SameOrigin, origin=settings.inbox_origin, but=API)
    app.add_middleware(guard.SecurityHeaders, origin=settings.inbox_origin)
    for part in (
        looks,
        inbox,
        writing,
        attaching,
        marking,
        composing,
        customers,
        giving,
        presences,
        replies,
        reporting,
        saved_views,
        wishes,
        sign_in,
        similar,
        unmasking,
        proofs,
        oidc,
        me,
        second_factor,
        audit,
        admin,
        rules,
        tags,
        teams,
        clocks,
        intents,
        examples,
        relabelling,
        importing,
        patterns,
        training,
        versions,
        comparing,
        trying,
        reviewing,
        guessing,
        integrations,
        handbook,
    ):
        app.include_router(part.router)
    app.add_api_route("/healthz", healthz)
    app.mount("/static", assets())
    app.state.api = create_api(database)
    app.mount(API, app.state.api)
    return app


async def healthz(here: Here) -> JSONResponse:
    """Whether the record can be reached (503 when not)."""
    try:
        async with here.database.reading() as session:
            await session.execute(text("SELECT 1"))
    except Exception:  # whatever it is, the answer is the same: not healthy
        return JSONResponse({"database": "away"}, 503)
    return JSONResponse({"database": "ok"})
