"""The places where recordings are made: everybody sees them, admins keep them."""

from typing import Annotated

from fastapi import Path, Response

from functions.api.callers import Admin, RecordingsReader
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.ids import new_id
from functions.core.locations.model import Location, place_in_list
from functions.core.observability import log
from functions.core.repeats import Once
from functions.recordings.location_schemas import LocationRequest, LocationView
from functions.recordings.parts import TheClock, TheLocations
from functions.recordings.routes.door import router

LocationId = Annotated[str, Path(max_length=64, description="`loc_...`")]


@router.get("/locations", responses=problems(Invalid))
def list_locations(_caller: RecordingsReader, locations: TheLocations, paging: CurrentPage) -> Page[LocationView]:
    """List all locations by name."""
    return paging.page(
        "locations",
        lambda before, limit: locations.by_name(before=before, limit=limit),
        place_in_list,
        lambda found: [LocationView.of(location) for location in found],
    )


@router.post("/locations", status_code=201, responses=problems(Conflict, Invalid))
def add_location(
    request: LocationRequest,
    caller: Admin,
    locations: TheLocations,
    clock: TheClock,
    idempotency_key: IdempotencyKey = None,
) -> LocationView:
    """Add a location, to be named by recordings as their `location_id`."""
    asked = ("location", request.model_dump())
    once = Once(owner_id=caller.user_id, key=idempotency_key, asked=asked) if idempotency_key else None
    new = Location(id=new_id("location"), name=request.name, created_at=clock())
    location = locations.add(request.applied_to(new), once=once)
    log.info("location added", location_id=location.id, by=caller.user_id)
    return LocationView.of(location)


@router.put("/locations/{location_id}", responses=problems(NotFound, Conflict, Invalid))
def replace_location(
    location_id: LocationId, request: LocationRequest, caller: Admin, locations: TheLocations
) -> LocationView:
    """Say anew what a location is called and where it is; what is left out is taken away. Its recordings stay."""
    location = locations.change(location_id, request.applied_to)
    log.info("location changed", location_id=location.id, by=caller.user_id)
    return LocationView.of(location)


@router.delete(
    "/locations/{location_id}",
    status_code=204,
    response_class=Response,
    responses=problems(NotFound, Conflict),
)
def remove_location(location_id: LocationId, caller: Admin, locations: TheLocations) -> None:
    """Remove a location where no recording stands.

    While any does, whosever it is, the answer is a 409 `location-in-use`; the list of recordings finds them by
    `scope=all&location_id=`. It is a moment late: a recording that was moved or deleted just now may still count.
    """
    locations.delete(location_id)
    log.info("location removed", location_id=location_id, by=caller.user_id)
