"""Keeps an uploaded picture: verified, turned upright, bare of metadata, durable, and only then named by a row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from limner.actions.check_space import check_space
from limner.actions.delete_job import drop_bytes
from limner.contracts.codec import Codec, Picture
from limner.contracts.repository import Repository
from limner.contracts.storage import Storage
from limner.domain.checking import owner_fault
from limner.domain.errors import BadImage, FieldError, InvalidRequest, TooManyInputs
from limner.domain.identity import new_id
from limner.domain.input import Input, InputId
from limner.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class InputNeeds:
    """What taking uploads in takes. `free_space` tells the bytes that storage can still take, where it knows."""

    repository: Repository
    storage: Storage
    codec: Codec
    policy: Policy
    free_space: Callable[[], int] | None = None


async def add_input(
    data: bytes, owner: str, *, needs: InputNeeds, turn: AbstractAsyncContextManager[None] | None = None
) -> Input:
    """Durable when it returns. `turn` is held while a thread decodes. Raises InvalidRequest for what is no picture within
    the limits, TooManyInputs, StorageFull, StorageUnavailable.
    """
    _check(data, owner, needs)
    async with turn or nullcontext():
        picture = await asyncio.to_thread(partial(_accepted, data, needs))
    new = _new_input(picture, owner, needs)
    await needs.storage.write(new.key, picture.data)
    try:
        await needs.repository.add_input(new, policy=needs.policy)
    except TooManyInputs:
        await drop_bytes([new.key], storage=needs.storage)
        raise
    return new


def _check(data: bytes, owner: str, needs: InputNeeds) -> None:
    if fault := owner_fault(owner):
        raise InvalidRequest([FieldError("/owner", "bad_text", f"owner {fault}.")])
    if len(data) > (most := needs.policy.input_bytes):
        detail = f"The picture has {len(data)} bytes; the limit is {most}."
        raise InvalidRequest([FieldError("", "too_long", detail, {"maximum": most})])
    check_space(needs.free_space, needs.policy)


def _accepted(data: bytes, needs: InputNeeds) -> Picture:
    try:
        return needs.codec.accept(data, max_pixels=needs.policy.input_pixels)
    except BadImage as error:
        raise InvalidRequest([FieldError("", "bad_image", error.detail, error.facts)]) from error


def _new_input(picture: Picture, owner: str, needs: InputNeeds) -> Input:
    input_id, now = InputId(new_id()), needs.repository.now()
    return Input(
        id=input_id,
        owner=owner,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        bytes=len(picture.data),
        sha256=picture.sha256,
        key=f"{input_id}/input.{picture.format}",
        created_at=now,
        expires_at=now + timedelta(seconds=needs.policy.input_age),
    )
