"""One claim, from the engine's first stroke to the row's last word: begin, paint, keep, settle."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from limner.actions.call_off import call_off
from limner.actions.given_inputs import GivenInputs
from limner.actions.judge import calls_are_over, cost_nothing
from limner.actions.keep_stroke import keep_stroke
from limner.actions.running import Reason, Running
from limner.actions.settle import settle, settle_cancelled
from limner.actions.strokes import Interrupted, Strokes
from limner.contracts.engine import Engine, OpenCall, PaintTask, Stroke
from limner.contracts.faults import fault
from limner.domain.capabilities import Capabilities
from limner.domain.errors import ContractBroken, EngineError, LeaseLost, RetryClass


async def run_job(run: Running) -> None:
    """Lets nothing escape that is the job's, the engine's or our own fault: one job never stops the others."""
    with run.needs.observer.span("limner.run_job", run.job.trace):
        try:
            strokes = await begin(run)
            try:
                while run.missing:
                    await keep_stroke(run, await paint(run, strokes))
                await strokes.finish(run.needs.policy.close_grace)
            finally:
                await stop(run, strokes)
        except Exception as error:  # noqa: BLE001 - the worker's outermost step
            if not run.settled:
                await settle(run, error)
        if run.ended and run.open_call:
            await call_off(run.needs.engines, run.job.engine, _open_calls(run), within=run.needs.policy.close_grace)


async def begin(run: Running) -> Strokes:
    """The paint of an open engine; nothing is painted yet."""
    fault("after_claim")
    engine = await run.unless_interrupted(run.needs.engines.engine(run.job.engine))
    given = await fetch_inputs(run, engine.capabilities.of(run.job.engine_model))
    run.needs.retry_budget.note_try(run.job.engine)
    return Strokes(
        listen_and_paint(run, engine, given),
        seconds=engine.capabilities.paint_timeout,
        silence=engine.capabilities.silence_timeout,
        interrupted=run.interrupted,
    )


def listen_and_paint(run: Running, engine: Engine, given: GivenInputs) -> AsyncGenerator[Stroke, None]:
    """Whoever fails before the first stroke has nothing to wait for."""
    run.ear = run.needs.webhooks.open(run.job.id, engine)
    try:
        return engine.paint(_task(run, given))
    except BaseException:
        stop_listening(run)
        raise


def stop_listening(run: Running) -> None:
    if run.ear:
        run.needs.webhooks.close(run.ear)


async def fetch_inputs(run: Running, capabilities: Capabilities) -> GivenInputs:
    """The pictures that the job starts from; a storage that is away is waited for until the deadline, but not by a call that
    is paid for and has them already.
    """
    needs = run.needs
    held = (
        await run.insist(partial(needs.repository.inputs_of, run.job.id), run.pause) if run.job.request.inputs else ()
    )
    if len(held) != len(run.job.request.inputs):
        raise LeaseLost
    given = GivenInputs(held, capabilities, storage=needs.storage, codec=needs.codec)
    if not run.open_call:
        await run.insist(given.fetch, run.pause)
    return given


async def paint(run: Running, strokes: Strokes) -> Stroke:
    """What the engine yields next: it may neither end while pictures are missing, nor go on beyond the job's deadline."""
    try:
        stroke = await _stroke(run, strokes)
    except EngineError as error:
        _note_calls(run, error)
        raise
    if stroke is None:
        raise ContractBroken(f"The engine ended without {len(run.missing)} of {run.job.request.count} pictures.")
    return stroke


async def _stroke(run: Running, strokes: Strokes) -> Stroke | None:
    """An interruption ends the wait, but for the answer to a call that is paid for."""
    try:
        return await strokes.next(within=run.seconds_left)
    except Interrupted:
        chance = run.last_chance
        if not chance:
            raise
        return await strokes.last(within=chance, unless=run.lost)


def _note_calls(run: Running, error: EngineError) -> None:
    """How the calls that were on their way have ended, as far as the engine tells."""
    if calls_are_over(error):
        run.note_calls_over(uncharged=cost_nothing(error))
    if error.retry is RetryClass.ONCE:
        for ordinal in error.facts.get("spent", (error.facts.get("ordinal"),)):
            run.note_spent(ordinal)


async def stop(run: Running, strokes: Strokes) -> None:
    """The engine comes to a stop, however the paint ended; whoever cancelled it does not wait for that."""
    try:
        if run.reason is Reason.CANCELLED and not run.settled:
            await settle_cancelled(run)
    finally:
        stop_listening(run)
        await strokes.close(run.needs.policy.close_grace)
        run.needs.observer.time("limner_paint_seconds", strokes.age, engine=run.job.engine)


def _task(run: Running, given: GivenInputs) -> PaintTask:
    return PaintTask(
        job_id=run.job.id,
        request=run.job.request,
        ordinals=tuple(sorted(run.missing)),
        attempt=run.job.attempt,
        request_key=f"{run.job.id}:{run.job.attempt}",
        model=run.job.engine_model,
        inputs=given.task_inputs,
        read_input=given.read,
        resume=tuple(_open_calls(run)),
        deadline=run.job.deadline_at,
        alone=run.claim.alone,
        webhook=run.ear.webhook if run.ear else None,
    )


def _open_calls(run: Running) -> list[OpenCall]:
    """Handles of earlier tries for pictures that are still missing."""
    return [
        OpenCall(ordinals=missing, request_key=call.request_key, handle=call.handle)
        for call in run.calls.values()
        if (missing := tuple(ordinal for ordinal in call.ordinals if ordinal in run.missing))
    ]
