"""Lets go what has had its time: old events, deleted pictures, pictures beyond age and quota."""

from __future__ import annotations

from collections import Counter

from limner.actions.delete_job import drop_bytes
from limner.contracts.notifier import Notifier
from limner.contracts.repository import MaintenanceRepository
from limner.contracts.storage import Storage
from limner.domain.policy import Policy


async def expire(
    *, repository: MaintenanceRepository, storage: Storage, notifier: Notifier, policy: Policy
) -> Counter[str]:
    """Rows first: bytes that outlive their row are collected later, a row that outlived its bytes would be a lie. Returns
    how many went, by kind.
    """
    counts: Counter[str] = Counter()
    more = True
    while more:
        report, keys = await repository.expire(policy=policy)
        notifier.publish(report.changes)
        await drop_bytes(keys, storage=storage)
        counts.update(report.counts or {})
        more = bool(keys)
    return counts
