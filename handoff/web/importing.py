"""/admin/nlu/import: examples in and out, as Rasa's YAML and as CSV; a file is looked at before it counts."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from handoff import corpora, deeds, imports
from handoff import training_errors as errors
from handoff.imports import Plan
from handoff.models import Agent
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeReporting, MeTraining, Site
from nlu import example_sheets
from nlu.corpus import HEADER, examples_in_yaml, patterns_in_yaml
from nlu.language import LANGUAGES

router = APIRouter(prefix="/admin/nlu")

LARGEST_BODY = 4 * imports.LARGEST
"""Bytes of the form: a file, or what was pasted, with what a browser makes of line ends."""


@router.get("/import")
async def page(here: Here, me: MeReporting, done: Annotated[int | None, Query(ge=0, le=10**6)] = None) -> HTMLResponse:
    """The page; `done` lines were just imported."""
    return await _page(here, me, done=done)


@router.post("/import")
async def take(request: Request, here: Here, me: MeTraining) -> Response:
    """Look at a file, or, once it was looked at, import it."""
    said: dict[str, Any] = {}
    try:
        async with request.form(max_files=1, max_fields=20, max_part_size=2 * imports.LARGEST) as fields:
            said |= {name: str(fields.get(name) or "") for name in ("content", "language", "seen", "move")}
            said["content"] = await _content(fields)
        file = imports.read(said["content"], said["language"])
        if not said["seen"]:
            async with here.database.reading() as session:
                return await _page(here, me, said=said, plan=await imports.plan(session, file))
        async with here.database.transaction("inbox.import examples") as session:
            await imports.lock(session)
            plan = await imports.plan(session, file)
            if plan.mistakes or plan.fingerprint != said["seen"]:
                raise errors.ImportChangedMeanwhile
            count = await imports.carry_out(session, plan, me, move=bool(said["move"]))
            deeds.tell(session, f"{count} examples, {len(plan.patterns)} patterns")
    except errors.ImportChangedMeanwhile as error:
        async with here.database.reading() as session:
            plan = await imports.plan(session, file)
        return await _page(here, me, 409, said=said, plan=plan, problem=error.sentence)
    except errors.TrainingError as error:
        return await _page(here, me, 422, said=said, problem=error.sentence)
    return RedirectResponse(f"/admin/nlu/import?done={count}", 303)


@router.get("/export")
async def export(
    here: Here,
    me: MeTraining,
    language: Annotated[str, Query(max_length=20)] = "",
    form: Annotated[Literal["yaml", "csv", "patterns"], Query(alias="format")] = "yaml",
) -> Response:
    """Examples of one language, or all, as a file; that it was taken away is a deed as well."""
    async with here.database.transaction("inbox.export examples") as session:
        corpus = await corpora.gather(session)
        examples = [one for one in corpus.examples if language in ("", one.language)]
        deeds.tell(session, f"{form}, {len(examples)} examples")
    if form == "csv":
        text, name, kind = example_sheets.written(examples), "examples.csv", "text/csv"
    elif form == "patterns":
        text, name, kind = HEADER + "nlu:\n" + "".join(patterns_in_yaml(corpus.patterns)), "patterns.yml", "text/yaml"
    else:
        text, name, kind = (
            examples_in_yaml(examples),
            f"{language if language in LANGUAGES else 'all'}.yml",
            "text/yaml",
        )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode("utf-8", "replace"), media_type=f"{kind}; charset=utf-8", headers=headers)


async def _content(fields: FormData) -> str:
    """What is to be imported: a file that was chosen, or what was pasted."""
    file = fields.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        if not (pasted := str(fields.get("content") or "")).strip():
            raise errors.NothingToImport
        return pasted
    if file.size > imports.LARGEST:
        raise errors.FileTooLarge
    try:
        return (await file.read()).decode("utf-8")
    except UnicodeDecodeError:
        raise errors.NotText from None


async def _page(
    here: Site,
    me: Agent,
    status: int = 200,
    *,
    said: dict[str, Any] | None = None,
    plan: Plan | None = None,
    problem: str | None = None,
    done: int | None = None,
) -> HTMLResponse:
    async with here.database.reading() as session:
        rail = await rail_of(session, me)
    values = {"said": said or {}, "plan": plan, "problem": problem, "done": done, "rail": rail, "languages": LANGUAGES}
    return here.page("import.html", status, me=me, place="training", **values)
