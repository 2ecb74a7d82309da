"""Dependencies that only look at what a request says, made at once: they were most of a look's cost."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, Generic, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def at_once(made: Callable[..., Any]) -> Any:
    """`Depends(made)`, called where the request is: for what is not `async`, a class also, FastAPI takes a thread."""

    async def make(**given: Any) -> Any:
        return made(**given)

    make.__signature__ = signature(made, eval_str=True)  # type: ignore[attr-defined]  # FastAPI reads it
    return Depends(make)


class OfQuery(Generic[T]):
    """A dataclass read from the query of an address as a whole: FastAPI would read each parameter by itself."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter = TypeAdapter(kind)

    async def __call__(self, request: Request) -> T:
        """Raises `RequestValidationError`."""
        return self.read(request.query_params)

    def read(self, query: Mapping[str, str]) -> T:
        """The same of a query that came in another way."""
        try:
            return self._adapter.validate_python(dict(query))
        except ValidationError as error:
            raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in error.errors()]) from None
