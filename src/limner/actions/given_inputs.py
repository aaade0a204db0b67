"""The pictures that a paint starts from, as its engine takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from limner.contracts.codec import Codec
from limner.contracts.engine import TaskInput
from limner.contracts.storage import Storage
from limner.domain.capabilities import Capabilities
from limner.domain.errors import BadImage, BadParameter, Busy, NotFound, Transient
from limner.domain.input import MASK, HeldInput, InputLimits, input_names


class GivenInputs:
    """Fetched before the paint begins: a storage that is away then is waited for, and is no fault of the engine's.

    Bytes are let go once the engine has read them; whoever reads twice fetches twice. Raises BadParameter for roles that
    the engine does not take any more.
    """

    def __init__(self, held: Sequence[HeldInput], can: Capabilities, *, storage: Storage, codec: Codec) -> None:
        names = input_names(one.reference.role for one in held)
        self._held = dict(zip(names, held, strict=True))
        self._can = can
        self._storage = storage
        self._codec = codec
        self._fetched: dict[str, bytes] = {}
        self.task_inputs = tuple(self._task_input(name, one) for name, one in self._held.items())

    async def fetch(self) -> None:
        """Raises what the storage raises; what is there already is not fetched again."""
        for name, one in self._held.items():
            if name not in self._fetched:
                self._fetched[name] = await self._bytes_of(one)

    async def read(self, name: str) -> bytes:
        """In the format of `task_inputs`. Raises KeyError for other names, BadParameter and Transient."""
        one = self._held[name]
        data = self._fetched.pop(name, None)
        if data is None:
            data = await self._fetch_again(one)
        return await asyncio.to_thread(self._delivered, name, one, data)

    async def _fetch_again(self, one: HeldInput) -> bytes:
        try:
            return await self._bytes_of(one)
        except (Busy, OSError) as error:
            raise Transient("A picture that this starts from cannot be read just now.") from error

    async def _bytes_of(self, one: HeldInput) -> bytes:
        try:
            return await self._storage.read(one.key)
        except NotFound as error:
            raise BadParameter(f"The {one.reference.role} that this starts from is gone from the storage.") from error

    def _delivered(self, name: str, one: HeldInput, data: bytes) -> bytes:
        limits = self._limits(one)
        try:
            delivered = self._converted(one, data, limits.delivered(one.format))
        except BadImage as error:
            raise BadParameter(f"The {name} cannot be converted. {error.detail}") from error
        if limits.max_bytes is not None and len(delivered) > limits.max_bytes:
            raise BadParameter(f"The {name} takes {len(delivered)} bytes; the engine allows {limits.max_bytes}.")
        return delivered

    def _converted(self, one: HeldInput, data: bytes, wanted: str) -> bytes:
        if one.reference.role == MASK:
            return self._codec.mask(data, format=wanted, transparent=self._can.transparent_masks)
        return data if wanted == one.format else self._codec.convert(data, format=wanted)

    def _task_input(self, name: str, one: HeldInput) -> TaskInput:
        return TaskInput(
            name=name,
            role=one.reference.role,
            format=self._limits(one).delivered(one.format),
            width=one.width,
            height=one.height,
        )

    def _limits(self, one: HeldInput) -> InputLimits:
        limits = self._can.inputs.get(one.reference.role)
        if limits is None:
            raise BadParameter(f"The engine takes no {one.reference.role} any more.")
        return limits
