"""Keeps a painted picture: verified, labelled, durable, and only then named by a row."""

from __future__ import annotations

import asyncio
from functools import partial

from limner._version import __version__
from limner.contracts.codec import Codec
from limner.contracts.engine import Painted
from limner.contracts.faults import fault
from limner.contracts.repository import NewImage, WorkRepository
from limner.contracts.storage import Storage
from limner.domain.event import JobChanged
from limner.domain.identity import new_id
from limner.domain.job import Claim, Note
from limner.domain.wording import keepable


async def keep_image(
    claim: Claim,
    painted: Painted,
    *,
    repository: WorkRepository,
    storage: Storage,
    codec: Codec,
    finish: bool,
    seeds: bool = True,
    embed_prompt: bool = False,
) -> JobChanged:
    """A picture of another size than asked for is kept as it is. `seeds`: its engine takes them. Raises BadImage, StorageFull, StorageUnavailable and
    LeaseLost; after LeaseLost the bytes are an orphan, since another worker may be writing beside us.
    """
    request = claim.job.request
    seed = request.seed_of(painted.ordinal) if painted.seed is None and seeds else painted.seed
    labels = labels_of(claim, seed, embed_prompt=embed_prompt)
    picture = await asyncio.to_thread(partial(codec.finish, painted.image, format=request.format, labels=labels))
    key = f"{claim.lease.job_id}/{painted.ordinal}/{claim.lease.epoch}.{picture.format}"
    await storage.write(key, picture.data)
    fault("after_write_before_keep")
    image = NewImage(
        id=new_id(),
        ordinal=painted.ordinal,
        seed=seed,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        bytes=len(picture.data),
        sha256=picture.sha256,
        color=picture.color,
        key=key,
        notes=tuple(Note(code=keepable(note.code), detail=keepable(note.detail)) for note in painted.notes),
    )
    return await repository.keep_image(claim.lease, image, finish=finish)


def labels_of(claim: Claim, seed: int | None, *, embed_prompt: bool) -> dict[str, str]:
    """What the file says of itself; the prompt is the person's own and stays out unless the operator wants it in."""
    labels = {"Software": f"Limner {__version__}", "limner:job": claim.job.id}
    labels |= {} if seed is None else {"limner:seed": str(seed)}
    return labels | {"limner:prompt": claim.job.request.prompt} if embed_prompt else labels
