"""Options with a name: the house's own, and one's own."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query, Response

from functions.api.callers import JobsReader, JobsWriter
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.jobs.model import Kind
from functions.core.jobs.options import PresetName, chosen
from functions.core.observability import log
from functions.core.presets.model import Preset, own_id
from functions.core.repeats import Once
from functions.jobs.parts import TheAllowedModels, TheClock, ThePresets
from functions.jobs.preset_schemas import PresetChange, PresetRequest, PresetView
from functions.jobs.routes.door import router

Name = Annotated[PresetName, Path(description="Whatever its case")]


@router.get("/presets", responses=problems(Invalid))
def list_presets(
    caller: JobsReader,
    presets: ThePresets,
    paging: CurrentPage,
    kind: Annotated[Kind | None, Query(description="Those of this kind")] = None,
) -> Page[PresetView]:
    """List what `preset` may name: the house's own presets, then mine, by kind and name."""
    return paging.page(
        f"presets of {caller.user_id} {kind}",
        lambda after, limit: presets.seen_by(caller.user_id, kind=kind, after=after, limit=limit),
        lambda preset: preset.place,
        lambda found: [PresetView.of(preset) for preset in found],
    )


@router.post(
    "/presets",
    status_code=201,
    responses={
        201: {
            "description": "The preset",
            "headers": {"Location": {"description": "Where it is", "schema": {"type": "string"}}},
        },
        **problems(NotFound, Conflict, Invalid),
    },
)
def add_preset(
    request: PresetRequest,
    caller: JobsWriter,
    presets: ThePresets,
    allowed: TheAllowedModels,
    clock: TheClock,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> PresetView:
    """Give options a name, to be asked for by it: in `POST /v1/jobs`, in batches, and where a recording is announced.

    Whoever names a preset may give options besides, which come before its own. Jobs keep the options that they were
    made with, whatever becomes of the preset.
    """
    options = chosen(request)
    allowed.check(options)
    preset = presets.add(
        Preset(
            id=own_id(caller.user_id, request.kind, request.name),
            owner_id=caller.user_id,
            kind=request.kind,
            name=request.name,
            options=options,
            description=request.description or None,
            created_at=clock(),
            updated_at=clock(),
        ),
        once=_once(request, caller.user_id, idempotency_key),
    )
    log.info("preset added", kind=preset.kind)
    response.headers["Location"] = f"/v1/presets/{quote(preset.name, safe='')}"
    return PresetView.of(preset)


@router.put("/presets/{preset_name}", responses=problems(NotFound, Conflict, Invalid))
def replace_preset(
    preset_name: Name, request: PresetChange, caller: JobsWriter, presets: ThePresets, allowed: TheAllowedModels
) -> PresetView:
    """Say anew what my preset of this kind and name is; what is left out is taken away."""
    options = chosen(request)
    allowed.check(options)
    preset = presets.need_own(caller.user_id, request.kind, preset_name)
    changed = presets.change(preset, options=options, description=request.description or None)
    return PresetView.of(changed)


@router.delete(
    "/presets/{preset_name}", status_code=204, response_class=Response, responses=problems(NotFound, Conflict, Invalid)
)
def remove_preset(
    preset_name: Name,
    caller: JobsWriter,
    presets: ThePresets,
    kind: Annotated[Kind | None, Query(description="Of which kind, where there is one of each")] = None,
) -> None:
    """Remove my preset of this name. What was made with it stays as it is."""
    preset = presets.need_own(caller.user_id, kind, preset_name)
    presets.remove(preset)
    log.info("preset removed", kind=preset.kind)


def _once(request: PresetRequest, owner_id: str, key: str | None) -> Once | None:
    asked = ("preset", request.model_dump(mode="json"))
    return None if key is None else Once(owner_id=owner_id, key=key, asked=asked)
