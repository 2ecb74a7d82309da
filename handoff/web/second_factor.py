"""/me/app, /me/codes and /me/passkeys: setting up a second factor, and taking it away. Each asks for the password."""

import json
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from handoff import errors, factors, passkeys
from handoff.credentials import Seal
from handoff.web.me import Line, confirm, page
from handoff.web.site import Here, MySelf

router = APIRouter(prefix="/me")

Id = Annotated[int, Path(ge=1, le=2**62)]
Signed = Annotated[str, Form(max_length=20_000)]


@router.post("/app")
async def begin(request: Request, here: Here, me: MySelf, password: Line = "") -> Response:
    """Make a secret for an authenticator app."""
    try:
        await confirm(request, here, me, password)
        async with here.database.transaction("inbox.begin second factor") as session:
            await factors.begin(session, Seal(here.settings.key), me.id)
    except errors.AgentError as error:
        return await page(request, here, me, 422, problem=error.sentence)
    return RedirectResponse("/me#second", 303)


@router.post("/app/prove")
async def prove(request: Request, here: Here, me: MySelf, code: Line = "") -> Response:
    """Turn it on by a code, and show the recovery codes, once."""
    if not await here.may_try(request, me.email):
        return await page(request, here, me, 429, problem=errors.TooManyTries().sentence)
    try:
        async with here.database.transaction("inbox.turn on second factor") as session:
            await factors.prove(session, Seal(here.settings.key), me.id, code)
            codes = await factors.recovery_codes(session, me.id)
    except errors.AgentError as error:
        return await page(request, here, me, 422, problem=error.sentence)
    return await page(request, here, me, codes=codes, done="Your second factor is on.")


@router.post("/app/off")
async def turn_off(request: Request, here: Here, me: MySelf, password: Line = "") -> Response:
    """The app counts no more."""
    try:
        await confirm(request, here, me, password)
        async with here.database.transaction("inbox.turn off second factor") as session:
            await factors.turn_off(session, me.id)
    except errors.AgentError as error:
        return await page(request, here, me, 422, problem=error.sentence)
    return RedirectResponse("/me?done=code-off", 303)


@router.post("/codes")
async def new_codes(request: Request, here: Here, me: MySelf, password: Line = "") -> Response:
    """New recovery codes, shown once."""
    try:
        await confirm(request, here, me, password)
        async with here.database.transaction("inbox.make recovery codes") as session:
            if not await factors.needed(session, me.id):
                raise errors.FactorMissing
            codes = await factors.recovery_codes(session, me.id)
    except errors.AgentError as error:
        return await page(request, here, me, 422, problem=error.sentence)
    return await page(request, here, me, codes=codes, done="The codes before these count no more.")


@router.post("/passkeys/options")
async def ask_for_new(request: Request, here: Here, me: MySelf, password: Line = "") -> Response:
    """What the browser is asked in order to make a passkey (JSON)."""
    try:
        await confirm(request, here, me, password)
        async with here.database.transaction("inbox.ask for passkey") as session:
            return Response(await passkeys.ask_for_new(session, here.place, me), media_type="application/json")
    except errors.AgentError as error:
        return JSONResponse({"problem": error.sentence}, 422)


@router.post("/passkeys")
async def add(request: Request, here: Here, me: MySelf, credential: Signed, name: Line = "") -> Response:
    """Keep the passkey; with the first second factor come recovery codes, shown once."""
    try:
        async with here.database.transaction("inbox.add passkey") as session:
            is_first = not await factors.needed(session, me.id)
            await passkeys.add(session, here.place, me, name, json.loads(credential))
            codes = await factors.recovery_codes(session, me.id) if is_first else None
    except (errors.AgentError, ValueError) as error:
        problem = error.sentence if isinstance(error, errors.AgentError) else errors.WrongPasskey().sentence
        return await page(request, here, me, 422, problem=problem)
    return await page(request, here, me, codes=codes, done="The passkey is added. Use it the next time you sign in.")


@router.post("/passkeys/{passkey_id}/remove")
async def remove(request: Request, here: Here, me: MySelf, passkey_id: Id, password: Line = "") -> Response:
    """A passkey counts no more."""
    try:
        await confirm(request, here, me, password)
        async with here.database.transaction("inbox.remove passkey") as session:
            await passkeys.remove(session, me.id, passkey_id)
            await factors.tidy(session, me.id)
    except errors.AgentError as error:
        return await page(request, here, me, 422, problem=error.sentence)
    return RedirectResponse("/me#second", 303)


@router.get("/{what:path}")
async def elsewhere(me: MySelf, what: str) -> Response:
    """Whoever loads the answer to a form anew sees the page."""
    return RedirectResponse("/me", 303)
