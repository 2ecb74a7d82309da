"""What an integration does, in the name of an agent: once for each `Idempotency-Key`, whole or not at all."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Header, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, answers, deeds, integration_errors
from handoff.api.gate import integration
from handoff.database import Database
from handoff.models import Agent
from handoff.web.witness import address

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{8,200}$",
        description="Yours, new for each thing to be done: the same key and body get the same answer for a day.",
    ),
]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="`ETag` of the case as you read it: 412 if it changed.")
]


class Body(BaseModel):
    """What is sent to us. What is not known is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ByAgent(Body):
    """Who does it."""

    agent: Annotated[str, Field(max_length=254, description="Email address of the agent in whose name this is done.")]


async def once(
    request: Request, key: str, name: str, body: Body, deed: Callable[[AsyncSession], Awaitable[BaseModel]]
) -> dict[str, Any]:
    """Do it and say what it led to; or, if it was done under this key, say again what was said then."""
    database: Database = request.app.state.database
    asked = f"{request.url.path}\n{body.model_dump_json()}"
    async with database.transaction(f"api.{name}") as session:
        answer = await answers.take(session, integration(request).id, key, asked)
        if answer.body is None:
            answer.body = (await deed(session)).model_dump(mode="json")
            about, thread_id = f"integration {integration(request).id}", answer.body.get("thread_id")
            deeds.write(session, name, thread_id=thread_id, about=about, address=address(request))
        return answer.body


async def by_agent(
    request: Request,
    key: str,
    name: str,
    body: ByAgent,
    deed: Callable[[AsyncSession, Agent], Awaitable[BaseModel]],
) -> dict[str, Any]:
    """The same, in the name of an agent. Raises `NoSuchAgent`."""

    async def work(session: AsyncSession) -> BaseModel:
        agent = await _named(session, body.agent)
        deeds.tell(session, by=agent)
        return await deed(session, agent)

    return await once(request, key, name, body, work)


async def _named(session: AsyncSession, email: str) -> Agent:
    agent = await agents.known(session, email)
    if agent is None or not agent.may("answer"):
        raise integration_errors.NoSuchAgent
    return agent
