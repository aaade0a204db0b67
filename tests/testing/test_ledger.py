import asyncio
import fcntl
import json
from contextlib import aclosing

import jsonschema
import pytest

from limner.contracts.engine import OpenCall, Painted, Progress, Submitted, Submitting
from limner.domain.errors import BadImage, RateLimited, Transient, UnknownOutcome
from limner.domain.identity import digest_of
from limner.domain.request import ImageRequest
from limner.testing.engine_suite import collect, decoded
from limner.testing.ledger import LedgerEngine
from limner.testing.ledger_service import LedgerService, charges
from limner.testing.misdeeds import DEEDS
from limner.testing.tasks import paint_task


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def engine(ledger):
    return lambda **options: LedgerEngine(ledger=str(ledger), **options)


def misbehaving(deed, **facts):
    attempt = facts.pop("attempt", 1)
    return paint_task(options={"misbehave": {"deed": deed, **facts}}, attempt=attempt)


async def test_every_call_is_written_down(engine, ledger):
    await collect(engine(), paint_task(count=3))

    assert charges(ledger) == {("job-1", 0): 1, ("job-1", 1): 1, ("job-1", 2): 1}


async def test_a_call_may_give_several_pictures(engine, ledger):
    strokes = await collect(engine(pictures_per_call=2), paint_task(count=4, ordinals=(0, 1, 3)))

    assert [stroke.ordinals for stroke in strokes if isinstance(stroke, Submitting)] == [(0, 1), (3,)]
    assert len(ledger.read_text().splitlines()) == 2


async def test_nothing_is_charged_before_the_consumer_goes_on(engine, ledger):
    async with aclosing(engine().paint(paint_task())) as strokes:
        assert isinstance(await anext(strokes), Submitting)

    assert charges(ledger) == {}


async def test_a_synchronous_service_charges_again_after_a_loss(engine, ledger):
    for attempt in (1, 2):
        await collect(engine(), paint_task(attempt=attempt))

    assert charges(ledger) == {("job-1", 0): 2}


async def test_an_idempotent_service_charges_a_key_once(engine, ledger):
    for _ in range(2):
        assert isinstance((await collect(engine(idempotent=True), paint_task()))[-1], Painted)

    assert charges(ledger) == {("job-1", 0): 1}


async def test_processes_look_and_charge_one_after_the_other(ledger):
    service = LedgerService(ledger, idempotent=True)
    with ledger.with_name("ledger.jsonl.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        taking = asyncio.create_task(asyncio.to_thread(service.take, "job-1", (0,), "key", seconds=0))
        await asyncio.sleep(0.1)
        assert not taking.done()
        assert charges(ledger) == {}

    assert (await taking).key == "key"


async def test_a_handle_finds_the_pictures_of_a_call_again(engine, ledger):
    strokes = await collect(engine(mode="asynchronous", paint_seconds=0.05), paint_task())
    handle = next(stroke.handle for stroke in strokes if isinstance(stroke, Submitted))
    resumed = paint_task(resume=(OpenCall(ordinals=(0,), request_key="key", handle=handle),))

    assert [type(stroke) for stroke in await collect(engine(mode="asynchronous"), resumed)] == [Painted]
    assert charges(ledger) == {("job-1", 0): 1}


async def test_a_handle_that_the_service_forgot_is_a_passing_fault(engine):
    lost = paint_task(resume=(OpenCall(ordinals=(0,), request_key="key", handle={"call": "gone"}),))

    with pytest.raises(Transient):
        await collect(engine(), lost)


async def test_pictures_take_their_time_and_show_progress(engine):
    strokes = await collect(engine(paint_seconds=0.1, poll_seconds=0.02), paint_task())

    progress = [stroke for stroke in strokes if isinstance(stroke, Progress)]
    assert len(progress) >= 3
    assert progress[0].preview


async def test_a_misdeed_happens_at_its_moment(engine, ledger):
    with pytest.raises(UnknownOutcome):
        await collect(engine(), misbehaving("unknown_outcome", at="submitting"))
    assert charges(ledger) == {}

    with pytest.raises(UnknownOutcome):
        await collect(engine(), misbehaving("unknown_outcome", at="accepted"))
    assert charges(ledger) == {("job-1", 0): 1}


async def test_a_misdeed_may_end_after_some_attempts(engine):
    with pytest.raises(RateLimited):
        await collect(engine(), misbehaving("rate_limit", attempts=1))

    assert await collect(engine(), misbehaving("rate_limit", attempts=1, attempt=2))


async def test_a_try_that_is_not_held_against_its_job_counts_all_the_same(engine):
    moody = engine()
    with pytest.raises(RateLimited):
        await collect(moody, misbehaving("rate_limit", attempts=1))
    assert await collect(moody, misbehaving("rate_limit", attempts=1))


async def test_a_rate_limit_asks_for_as_long_as_it_is_told(engine):
    with pytest.raises(RateLimited) as limited:
        await collect(engine(), misbehaving("rate_limit", seconds=60))
    assert limited.value.retry_after == 60


async def test_a_price_is_estimated_by_the_call_and_a_key_is_named_by_its_digest(engine, tmp_path):
    shop = LedgerEngine(ledger=str(tmp_path / "x"), pictures_per_call=2, price=0.5, key="secret")
    request = ImageRequest(prompt="a", model="ledger", width=8, height=8, count=5, seed=1, format="png")
    assert shop.estimate(request, "") == 1.5
    assert LedgerEngine(ledger="x", price=None).estimate(request, "") is None
    assert (shop.credential, engine().credential) == (digest_of("secret"), "")


async def test_a_bad_image_is_charged_and_cannot_be_read(engine, ledger):
    painted = (await collect(engine(), misbehaving("bad_image")))[-1]

    with pytest.raises(BadImage):
        decoded(painted.image)
    assert charges(ledger) == {("job-1", 0): 1}


async def test_a_short_delivery_is_charged_in_full(engine, ledger):
    short = paint_task(count=4, options={"misbehave": {"deed": "short_delivery"}})
    strokes = await collect(engine(pictures_per_call=4), short)

    assert [stroke.ordinal for stroke in strokes if isinstance(stroke, Painted)] == [0, 1, 2]
    assert sum(charges(ledger).values()) == 4


async def test_a_control_file_rules_while_it_exists(engine, tmp_path):
    control = tmp_path / "control.json"
    painter = engine(control=str(control))
    control.write_text(json.dumps({"deed": "rate_limit"}))
    with pytest.raises(RateLimited):
        await collect(painter, paint_task())

    control.unlink()
    assert await collect(painter, paint_task())


@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_a_request_may_ask_for_any_misdeed(engine, deed):
    jsonschema.validate({"misbehave": {"deed": deed}}, engine().capabilities.options)
