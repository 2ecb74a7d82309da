"""The forms of the page of an intent: what is done there leads back to it, with the refusal if there is one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from handoff.training_errors import TrainingError
from handoff.web.at_once import at_once
from handoff.web.example_list import Sought
from handoff.web.intents import Comparing, Said, intent_page
from handoff.web.site import Here, MeTraining


class ExampleForm:
    """Somebody's form. `of` is the intent whose page it stands on."""

    def __init__(
        self,
        here: Here,
        me: MeTraining,
        comparing: Comparing,
        sought: Annotated[Sought, at_once(Sought)],
        of: Said = "",
    ) -> None:
        self.here, self.me, self.sought, self.of = here, me, sought, of
        self.refusal: TrainingError | None = None
        self._comparing = comparing

    @asynccontextmanager
    async def tried(self) -> AsyncIterator[None]:
        """What cannot be done is kept in `refusal`."""
        try:
            yield
        except TrainingError as error:
            self.refusal = error

    async def back(self, refused: int, *, written: dict[str, Any] | None = None, **changed: object) -> Response:
        """To the page, asking for the same but for what changed; or the page with the refusal, of that status, and what
        was written."""
        if self.refusal is None:
            return RedirectResponse(f"/admin/nlu/intents/{self.of}{self.sought.query(**changed)}", 303)
        return await self.page(refused, problem=self.refusal.sentence, written=written or {})

    async def page(self, status: int = 200, **more: Any) -> Response:
        """The page itself."""
        return await intent_page(self.here, self.me, self._comparing, self.of, self.sought, status, **more)


Filled = Annotated[ExampleForm, at_once(ExampleForm)]
Text = Annotated[str, Form(max_length=20_000)]
