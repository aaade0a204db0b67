"""Two URLs may lead to one place: a slash, a link or an option more is enough."""

from __future__ import annotations

from limner.contracts.storage import Storage
from limner.domain.errors import NotFound
from limner.domain.identity import new_id


async def is_same_storage(one: Storage, other: Storage) -> bool:
    """Whether what is written to one is found in the other. A trace of it that stays is an orphan, and collected later."""
    key = f"{new_id()}/trial"
    await one.write(key, b"limner")
    try:
        await other.read(key)
    except NotFound:
        return False
    else:
        return True
    finally:
        await one.delete(key)
