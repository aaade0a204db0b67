"""What an engine yields becomes rows, bytes and signals: the engine goes on when this returns."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from limner.actions.keep_image import keep_image
from limner.actions.progress import preview_of
from limner.actions.running import Running
from limner.contracts.engine import Painted, Progress, Stroke, Submitted, Submitting
from limner.contracts.faults import fault
from limner.contracts.storage import LocalStorage
from limner.domain.errors import BadImage, ContractBroken
from limner.domain.event import JobChanged
from limner.domain.job import Call, CallPhase
from limner.domain.plain_json import text_fault

HOLD_CHECK = 0.2
"""Seconds between two looks whether a paid call may start."""


async def keep_stroke(run: Running, stroke: Stroke) -> None:
    """Raises ContractBroken for what no engine should yield, and what keeping a picture raises."""
    match stroke:
        case Progress():
            await _tell(run, stroke)
        case Submitting():
            await _open_call(run, stroke)
        case Submitted():
            await _hold_handle(run, stroke)
        case Painted():
            await _keep(run, stroke)
        case _:
            raise ContractBroken(f"The engine yielded a {type(stroke).__name__}.")


async def _tell(run: Running, progress: Progress) -> None:
    tick = run.tally.note(progress, now=run.needs.clock.monotonic())
    preview = await preview_of(run.job, progress, run.needs.codec)
    run.needs.notifier.publish([tick, preview] if preview else [tick])
    run.needs.save(tick)
    if preview:
        run.needs.show(preview)


async def _open_call(run: Running, stroke: Submitting) -> None:
    """The engine pays right after this: the row says so first, under a lease that is certainly ours."""
    _check_ordinals(stroke.ordinals)
    if fault_of_key := text_fault(stroke.request_key, one_line=True):
        raise ContractBroken(f"The engine yielded a call whose request key {fault_of_key}.")
    call = _call_of(run, stroke.ordinals, stroke.request_key, stroke.cost)
    await _until_payable(run)
    run.note_calling()
    fault("before_open_call")
    fails = run.on_ambiguous == "fail"
    await run.insist(partial(run.needs.repository.open_call, run.lease, call, fail_if_ambiguous=fails), run.pause)
    await _until_payable(run)
    run.note_called(call)
    fault("after_open_call")


def _check_ordinals(ordinals: tuple[int, ...]) -> None:
    """A row holds a call's first ordinal and their number: others would be paid for without anybody knowing."""
    if not ordinals or list(ordinals) != list(range(ordinals[0], ordinals[0] + len(ordinals))):
        raise ContractBroken(f"The engine yielded a call for ordinals that are not consecutive: {list(ordinals)}.")


def _call_of(run: Running, ordinals: tuple[int, ...], request_key: str, cost: float | None = None) -> Call:
    return Call(
        first_ordinal=ordinals[0],
        count=len(ordinals),
        attempt=run.job.attempt,
        phase=CallPhase.SUBMITTING,
        request_key=request_key,
        cost=cost,
    )


async def _until_payable(run: Running) -> None:
    """A paid call waits while the lease is unknown, or while its picture could not be stored; it is not made once nobody
    waits for it.
    """
    storage, needed = run.needs.storage, run.needs.policy.free_space
    while not run.needs.heartbeat.is_sure(run.lease) or (
        isinstance(storage, LocalStorage) and storage.free_space() < needed
    ):
        await run.pause(HOLD_CHECK)
    await run.pause(0)


async def _hold_handle(run: Running, stroke: Submitted) -> None:
    _check_ordinals(stroke.ordinals)
    call = run.calls.get(stroke.ordinals[0])
    if call is None:
        run.calls[stroke.ordinals[0]] = _call_of(run, stroke.ordinals, request_key="")
        raise ContractBroken("The engine yielded Submitted without Submitting.")
    call = replace(call, phase=CallPhase.SUBMITTED, handle=stroke.handle)
    fault("before_hold_handle")
    await run.insist(partial(run.needs.repository.hold_handle, run.lease, call), run.hold_on)
    run.calls[call.first_ordinal] = call
    fault("after_submitted")


async def _keep(run: Running, painted: Painted) -> None:
    """Kept at once, with the job's last word in the same transaction where it is the last one missing."""
    if painted.ordinal not in run.missing:
        return
    began = run.needs.clock.monotonic()
    try:
        change = await run.insist(partial(_store, run, painted), run.hold_on)
    except BadImage:
        run.note_spent(painted.ordinal)
        raise
    seconds = run.needs.clock.monotonic() - began
    run.needs.observer.time("limner_keep_seconds", seconds)
    run.note_kept(painted.ordinal)
    run.publish(change)
    _conclude(run, seconds)
    await run.needs.troubles.painted(run.claim)


async def _store(run: Running, painted: Painted) -> JobChanged:
    needs = run.needs
    return await keep_image(
        run.claim,
        painted,
        repository=needs.repository,
        storage=needs.storage,
        codec=needs.codec,
        finish=run.missing == {painted.ordinal},
        seeds=needs.engines.capabilities[run.job.engine].of(run.job.engine_model).seeds,
        embed_prompt=needs.embed_prompt,
    )


def _conclude(run: Running, seconds: float) -> None:
    """The last picture took `seconds` to keep, and the job's success with it."""
    fault("after_keep")
    if run.missing:
        run.needs.notifier.publish([run.tally.keep(now=run.needs.clock.monotonic())])
        return
    run.settle()
    run.needs.observer.time("limner_finish_seconds", seconds)
    run.needs.finished()
    fault("after_finish")
