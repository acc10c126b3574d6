"""Lists in pages: `?limit=&cursor=` in, `items`, `next_cursor` and a `Link` header (RFC 8288) out."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from functions.api.services import service
from functions.core.collection import Listing
from functions.core.paging import Cursors

View = TypeVar("View")
Thing = TypeVar("Thing")


class Page(BaseModel, Generic[View]):
    """Part of a list."""

    items: list[View]
    next_cursor: str | None = Field(default=None, description="Ask with it for what comes next; null at the end")


class Paging:
    """Where a caller is in a list."""

    def __init__(
        self,
        request: Request,
        response: Response,
        cursors: Annotated[Cursors, Depends(service(Cursors))],
        limit: Annotated[int, Query(ge=1, le=100, description="At most so many items")] = 25,
        cursor: Annotated[str | None, Query(max_length=512, description="`next_cursor` of the page before")] = None,
    ) -> None:
        self.limit = limit
        self._request = request
        self._response = response
        self._cursors = cursors
        self._cursor = cursor

    def page(
        self,
        list_name: str,
        read: Callable[[str | None, int], Sequence[Thing]],
        position: Callable[[Thing], str],
        view: Callable[[Sequence[Thing]], list[View]],
    ) -> Page[View]:
        """Read one item more than asked for, so that the last page is known as such."""
        things = read(self.position(list_name), self.limit + 1)
        shown = things[: self.limit]
        following = position(shown[-1]) if len(things) > self.limit else None
        return self.answer(list_name, view(shown), following=following)

    def found(
        self,
        list_name: str,
        look: Callable[[str | None, int], Listing[Thing]],
        view: Callable[[Sequence[Thing]], list[View]],
    ) -> Page[View]:
        """Show what one look has found; that may be little, or nothing, while more follows."""
        listing = look(self.position(list_name), self.limit)
        return self.answer(list_name, view(listing.things), following=listing.following)

    def position(self, list_name: str) -> str | None:
        """Return where the caller goes on in a list; None at its beginning."""
        return None if self._cursor is None else self._cursors.read(list_name, self._cursor)

    def answer(self, list_name: str, items: list[View], *, following: str | None) -> Page[View]:
        """Return a page, and where the next one begins."""
        if following is None:
            return Page(items=items)
        cursor = self._cursors.make(list_name, following)
        url = self._request.url.include_query_params(cursor=cursor)
        self._response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return Page(items=items, next_cursor=cursor)


CurrentPage = Annotated[Paging, Depends()]
