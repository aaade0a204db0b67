"""Uploads: pictures that requests start from."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from limner.actions.add_input import add_input
from limner.actions.delete_input import delete_input as delete
from limner.actions.find_input import find_input
from limner.actions.read_image import Original
from limner.web import operation
from limner.web.access import MayReadImages, MayWriteJobs
from limner.web.operation import add, answer
from limner.web.schemas import LimnerInput
from limner.web.serving import image_response
from limner.web.telling import input_response
from limner.web.uploading import read_upload


async def create_input(caller: MayWriteJobs) -> Response:
    """Keeps a picture to start from; name its id in `inputs` of POST /images. What nobody uses goes after a day."""
    needs = caller.assembly.input_needs
    data = await read_upload(caller.request, needs.policy.input_bytes)
    turn = caller.door.pictures.turn_to_compute()
    new = await add_input(data, caller.principal.user_id, needs=needs, turn=turn)
    return input_response(caller, new, 201, {"Location": caller.addresses.input(new.id)})


async def get_input(caller: MayReadImages, input_id: str) -> Response:
    """Facts about an upload."""
    return input_response(caller, await find_input(input_id, caller.principal, repository=caller.repository))


async def get_input_content(caller: MayReadImages, input_id: str) -> Response:
    """The picture as it was kept: upright, without metadata."""
    found = await find_input(input_id, caller.principal, repository=caller.repository)
    assembly = caller.assembly
    return await image_response(
        caller.request,
        found,
        Original(),
        storage=assembly.storage,
        codec=assembly.codec,
        cache=caller.door.pictures,
        accel_redirect=assembly.settings.accel_redirect,
    )


async def delete_input(caller: MayWriteJobs, input_id: str) -> Response:
    """No new job can start from it; those that do keep it until they go."""
    await delete(input_id, caller.principal, repository=caller.repository, storage=caller.assembly.storage)
    return Response(None, 204)


def add_input_routes(router: APIRouter) -> None:
    add(
        router,
        "POST",
        "/inputs",
        create_input,
        tag="inputs",
        answers={201: answer("Kept, durably.", LimnerInput, headers=["Location"], links=operation.INPUT_LINKS)},
        problems=operation.UPLOADING,
        body=operation.UPLOAD,
    )
    add(
        router,
        "GET",
        "/inputs/{input_id}/content",
        get_input_content,
        tag="inputs",
        answers=operation.BYTES,
        problems=[operation.NO_INPUT],
        head=True,
    )
    add(
        router,
        "GET",
        "/inputs/{input_id}",
        get_input,
        tag="inputs",
        answers={200: answer("Facts about the upload.", LimnerInput)},
        problems=[operation.NO_INPUT],
    )
    add(
        router,
        "DELETE",
        "/inputs/{input_id}",
        delete_input,
        tag="inputs",
        answers={204: answer("It is gone.")},
        problems=[operation.NO_INPUT],
    )
