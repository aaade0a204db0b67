import asyncio
import contextlib
import inspect
import sqlite3
import subprocess
import sys

import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient

import limner as package
import limner.testing as testing
from limner import Ask, EngineError, InvalidRequest, JobState, Limner, LimnerError, Refused
from limner.contracts.engine import Engine
from limner.domain.capabilities import Capabilities
from limner.domain.errors import (
    BudgetExhausted,
    EngineFailed,
    IdempotencyKeyReused,
    JobFinished,
    JobNotFinished,
    NotFound,
    NotSent,
    NotStarted,
    RefusedByPolicy,
    SettingsError,
)
from limner.testing.instant import InstantEngine


class StuckEngine(Engine):
    capabilities = Capabilities(default_width=64, default_height=64)

    async def paint(self, task):
        if "refuse" in task.request.prompt:
            raise RefusedByPolicy("We do not paint that.")
        if "tear" in task.request.prompt:
            raise NotSent("The canvas tore.")
        await asyncio.Event().wait()
        yield


def make(home, **options):
    engines = {"instant": InstantEngine(), "stuck": StuckEngine()}
    return Limner(home=home, engines=engines, model="instant", **options)


@pytest.fixture
async def limner(tmp_path):
    async with make(tmp_path / "home") as started:
        yield started


async def test_only_a_program_that_serves_the_routes_gives_services_an_address(tmp_path):
    webhooks = []

    class ListeningEngine(InstantEngine):
        def paint(self, task):
            webhooks.append(task.webhook and task.webhook.url.rpartition("/")[0])
            return super().paint(task)

    engines = {"instant": ListeningEngine()}
    async with Limner(home=tmp_path / "home", engines=engines, public_url="https://images.example.com/") as limner:
        await limner.paint("a red fox")
        limner.router()
        await limner.paint("a red fox")
    assert webhooks == [None, "https://images.example.com/webhooks"]


async def test_paint_returns_pictures_that_can_be_saved(limner, tmp_path):
    pictures = await limner.paint("a red fox", count=2, seed=7)
    assert [picture.image.seed for picture in pictures] == [7, 8]
    assert pictures[0].save(tmp_path / "fox.png").read_bytes() == pictures[0].data


async def test_pictures_to_start_from_are_bytes_files_uploads_or_painted_ones(limner, tmp_path):
    (painted,) = await limner.paint("a red fox")
    (tmp_path / "fox.png").write_bytes(painted.data)
    upload = await limner.inputs.add(painted.data, owner="local")
    sources = [painted.data, tmp_path / "fox.png", str(tmp_path / "fox.png"), upload, painted.image]
    job = await limner.submit("in winter", owner="local", inputs={"image": sources, "mask": painted.data})
    named = job.request.inputs
    assert [one.role for one in named] == ["image"] * 5 + ["mask"]
    assert (named[3].input, named[4].image) == (upload.id, painted.image.id)
    assert (await limner.jobs.wait(job.id, owner="local")).state is JobState.SUCCEEDED


async def test_a_picture_is_painted_from_another(limner):
    (plain,) = await limner.paint("a red fox", seed=7)
    (started,) = await limner.paint("a red fox", seed=7, inputs={"image": plain.data}, strength=0.5)
    assert (started.image.width, started.image.height) == (plain.image.width, plain.image.height)
    assert started.data != plain.data


async def test_a_file_that_cannot_be_read_is_named(limner):
    with pytest.raises(InvalidRequest, match=r"absent\.png cannot be read \(No such file or directory\)"):
        await limner.submit("a red fox", owner="ann", inputs={"image": "absent.png"})


async def test_the_same_key_and_the_same_bytes_give_the_same_job(limner):
    (picture, other) = await limner.paint("a red fox", count=2)
    first, again = [
        await limner.submit("in winter", owner="ann", inputs={"image": picture.data}, idempotency_key="k")
        for _ in range(2)
    ]
    assert again.id == first.id
    with pytest.raises(IdempotencyKeyReused):
        await limner.submit("in winter", owner="ann", inputs={"image": other.data}, idempotency_key="k")


async def test_an_upload_is_found_read_and_deleted_by_its_owner_alone(limner):
    (picture,) = await limner.paint("a red fox")
    upload = await limner.inputs.add(picture.data, owner="ann")
    assert await limner.inputs.find(upload.id, owner="ann") == upload
    assert len(await limner.inputs.read(upload)) == upload.bytes
    with pytest.raises(NotFound):
        await limner.inputs.delete(upload.id, owner="ben")
    await limner.inputs.delete(upload.id, owner="ann")
    with pytest.raises(NotFound):
        await limner.inputs.find(upload.id, owner="ann")


async def test_a_suffix_names_the_format_of_the_file(limner, tmp_path):
    (picture,) = await limner.paint("a red fox")
    assert picture.save(tmp_path / "fox.jpg").read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize("embed", ["minimal", "full"])
async def test_files_hold_the_prompt_only_where_the_operator_wants_it(tmp_path, embed):
    async with make(tmp_path, embed=embed) as limner:
        (picture,) = await limner.paint("a private garden")
    assert (b"a private garden" in picture.data) == (embed == "full")
    assert picture.image.job_id.encode() in picture.data


async def test_a_submitted_job_is_its_owners_alone(limner):
    job = await limner.submit("a red fox", owner="ann", reference="order-7", metadata={"book": 1})
    assert (await limner.jobs.find(job.id, owner="ann")).metadata == {"book": 1}
    with pytest.raises(NotFound):
        await limner.jobs.find(job.id, owner="ben")
    with pytest.raises(NotFound):
        await limner.jobs.cancel(job.id, owner="ben")


async def test_jobs_are_listed_by_reference_and_state(limner):
    first = await limner.submit("a red fox", owner="ann", reference="order-7")
    await limner.submit("a blue fox", owner="ann")
    await limner.jobs.wait(first.id, owner="ann")
    page = await limner.jobs.list(owner="ann", reference="order-7", state=JobState.SUCCEEDED)
    assert [job.id for job in page.items] == [first.id]


async def test_an_empty_idempotency_key_is_not_taken_for_none(limner):
    with pytest.raises(InvalidRequest, match="idempotency_key takes"):
        await limner.submit("a red fox", owner="ann", idempotency_key="")


async def test_the_same_idempotency_key_gives_the_same_job(limner):
    first = await limner.submit("a red fox", owner="ann", idempotency_key="k")
    assert (await limner.submit("a red fox", owner="ann", idempotency_key="k")).id == first.id


async def test_bad_fields_raise_with_every_fault(limner):
    with pytest.raises(InvalidRequest) as caught:
        await limner.submit("", owner="ann", width=0)
    assert {fault.pointer for fault in caught.value.errors} == {"/prompt", "/width"}


async def test_a_cancelled_paint_cancels_its_job(limner):
    painting = asyncio.create_task(limner.paint("a red fox", owner="ann", model="stuck"))
    while not (page := await limner.jobs.list(owner="ann")).items:
        await asyncio.sleep(0.01)
    painting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await painting
    done = await limner.jobs.wait(page.items[0].id, owner="ann")
    assert done.state is JobState.CANCELLED


async def test_a_job_without_a_picture_raises_its_engines_error(limner):
    with pytest.raises(RefusedByPolicy, match="We do not paint that"):
        await limner.paint("refuse", model="stuck")


async def test_a_failure_that_a_job_does_not_explain_is_raised_as_no_more_than_that(tmp_path):
    async with make(tmp_path / "home", limits={"max_attempts": 1}) as limner:
        with pytest.raises(EngineFailed, match="The canvas tore"):
            await limner.paint("tear", model="stuck")


async def test_a_job_cancelled_by_somebody_else_ends_the_paint(limner):
    painting = asyncio.create_task(limner.paint("a red fox", owner="ann", model="stuck"))
    while not (page := await limner.jobs.list(owner="ann")).items:
        await asyncio.sleep(0.01)
    await limner.jobs.cancel(page.items[0].id, owner="ann")
    with pytest.raises(EngineError, match="cancelled"):
        await painting


def forget_jobs(home):
    """What another process does with a job that nobody runs."""
    with contextlib.closing(sqlite3.connect(home / "limner.db", timeout=10)) as rows, rows:
        rows.execute("DELETE FROM limner_jobs")


async def test_a_deleted_job_ends_the_wait(tmp_path):
    async with make(tmp_path, work=False) as limner:
        job = await limner.submit("a red fox", owner="ann")
        waiting = asyncio.create_task(limner.jobs.wait(job.id, owner="ann"))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(forget_jobs, tmp_path)
        with pytest.raises(NotFound):
            await asyncio.wait_for(waiting, 10)


async def test_a_stop_ends_the_wait(tmp_path):
    limner = make(tmp_path, work=False)
    async with limner:
        job = await limner.submit("a red fox", owner="ann")
        waiting = asyncio.create_task(limner.jobs.wait(job.id, owner="ann"))
        await asyncio.sleep(0.1)
    with pytest.raises(NotStarted):
        await asyncio.wait_for(waiting, 10)


async def test_while_the_server_stops_the_wait_looks_now_and_then(tmp_path, monkeypatch):
    looks = []
    find_job = package.library.find_job
    monkeypatch.setattr(package.library, "find_job", lambda *of, **needs: looks.append(1) or find_job(*of, **needs))
    async with make(tmp_path, work=False) as limner:
        job = await limner.submit("a red fox", owner="ann")
        limner._assembly.end_streams()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(limner.jobs.wait(job.id, owner="ann"), 1)
    assert len(looks) == 1


async def test_a_timeout_stays_a_timeout_where_the_job_cannot_be_cancelled(limner, monkeypatch):
    async def refuse(job_id, *, owner):
        raise JobFinished

    monkeypatch.setattr(limner.jobs, "cancel", refuse)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await limner.paint("a red fox", owner="ann", model="stuck")


async def test_a_cancelled_job_can_be_retried_and_an_unfinished_one_not_deleted(limner):
    job = await limner.submit("a red fox", owner="ann", model="stuck")
    with pytest.raises(JobNotFinished):
        await limner.jobs.delete(job.id, owner="ann")
    await limner.jobs.cancel(job.id, owner="ann")
    await limner.jobs.wait(job.id, owner="ann")
    assert (await limner.jobs.retry(job.id, owner="ann")).retry_of == job.id
    await limner.jobs.delete(job.id, owner="ann")


async def test_images_are_found_listed_read_deleted_and_restored(limner):
    (picture,) = await limner.paint("a red fox", owner="ann")
    (image,) = (await limner.images.list(owner="ann")).items
    assert await limner.images.read(image) == picture.data
    assert (await limner.images.read(image, size=256))[8:12] == b"WEBP"
    assert (await limner.images.read(image, format="jpeg")).startswith(b"\xff\xd8")
    await limner.images.delete(image.id, owner="ann")
    assert (await limner.images.list(owner="ann")).items == ()
    assert (await limner.images.restore(image.id, owner="ann")).deleted_at is None
    assert (await limner.images.find(image.id, owner="ann")).id == image.id


async def test_an_owner_who_leaves_takes_everything_along(limner):
    await limner.paint("a red fox", owner="ann", count=2)
    await limner.paint("a red fox", owner="ben")
    assert await limner.delete_owner("ann") == 2
    assert (await limner.jobs.list(owner="ann")).items == ()
    assert len((await limner.images.list(owner="ben")).items) == 1


async def test_on_finished_hears_of_every_end(tmp_path):
    limner = make(tmp_path)
    heard = asyncio.Queue()

    @limner.on_finished
    async def hear(job):
        await heard.put((job.id, job.state))

    async with limner:
        job = await limner.submit("a red fox", owner="ann")
        assert await asyncio.wait_for(heard.get(), 10) == (job.id, JobState.SUCCEEDED)


async def test_before_submit_refuses_or_rewrites(limner):
    @limner.before_submit
    def check(ask, owner):
        if owner == "mallory":
            raise Refused("Not for you.")
        return Ask(prompt=ask.prompt + ", in watercolour")

    with pytest.raises(Refused, match="Not for you"):
        await limner.submit("a red fox", owner="mallory")
    assert (await limner.submit("a red fox", owner="ann")).request.prompt == "a red fox, in watercolour"


async def test_what_is_not_started_says_how_to_start_it(tmp_path):
    limner = make(tmp_path / "home")
    with pytest.raises(NotStarted, match="async with limner"):
        await limner.submit("a red fox", owner="ann")
    with pytest.raises(NotStarted, match="async with limner"):
        await limner.jobs.list(owner="ann")
    assert not (tmp_path / "home").exists()


async def test_without_work_the_painting_is_left_to_others(tmp_path):
    async with make(tmp_path, work=False) as limner:
        job = await limner.submit("a red fox", owner="ann")
        async with make(tmp_path):
            assert (await limner.jobs.wait(job.id, owner="ann")).state is JobState.SUCCEEDED


def test_a_wrong_setting_names_the_nearest(tmp_path):
    with pytest.raises(SettingsError, match="did you mean home"):
        Limner(hoem=tmp_path)


def test_engines_may_be_given_as_tables(tmp_path):
    limner = Limner(home=tmp_path, engines={"quick": {"kind": "instant", "size": 32}})
    assert limner._assembly.models.default == "quick"


def current_user(token: str = ""):
    if not token:
        raise HTTPException(418, "Who are you?")
    return token


def host(limner):
    app = FastAPI()
    app.include_router(limner.router(current_user=current_user), prefix="/art")
    app.include_router(limner.operator_router(), prefix="/ops", dependencies=[Depends(current_user)])
    return app


def test_mounted_it_takes_the_hosts_users(tmp_path):
    with TestClient(host(make(tmp_path))) as client:
        answer = client.post("/art/images?token=ann", json={"prompt": "a red fox"}, headers={"Prefer": "wait=10"})
        assert answer.status_code == 200
        assert answer.json()["urls"]["self"].startswith("/art/jobs/")
        assert client.get("/art/jobs?token=ben").json()["items"] == []


def test_the_hosts_own_exceptions_pass_untouched(tmp_path):
    with TestClient(host(make(tmp_path))) as client:
        answer = client.get("/art/jobs")
    assert (answer.status_code, answer.json()) == (418, {"detail": "Who are you?"})


def test_operators_have_a_router_of_their_own(tmp_path):
    with TestClient(host(make(tmp_path))) as client:
        assert client.get("/ops/ready?token=ann").json()["status"] == "ready"


def test_every_public_name_exists_and_nothing_else():
    assert {name for name in package.__all__ if getattr(package, name) is None} == set()
    assert set(dir(package)) == set(package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = package.nonsense
    assert issubclass(Refused, LimnerError)


@pytest.mark.parametrize(
    "thing", [getattr(module, name) for module in (package, testing) for name in module.__all__ if name[0] != "_"]
)
def test_every_public_name_says_what_it_is(thing):
    told = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    # What a dataclass says by itself is its signature.
    assert told
    assert not told.startswith(f"{thing.__name__}(")


def test_operators_of_a_host_need_a_key_for_metrics_or_the_hosts_own_dependency(tmp_path):
    with TestClient(host(make(tmp_path / "keys"))) as client:
        assert client.get("/ops/metrics?token=ann").status_code == 401
    with TestClient(host(make(tmp_path / "own", authentication=False))) as client:
        assert client.get("/ops/metrics").status_code == 418
        assert "limner_queue_depth" in client.get("/ops/metrics?token=ann").text


def test_importing_limner_loads_no_library():
    code = "import limner, sys; print(sorted({'sqlalchemy', 'fastapi', 'pydantic', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


async def test_usage_is_told_by_owner(limner):
    await limner.paint("a red fox", owner="ann", count=2)
    (day,) = await limner.usage(owner="ann")
    assert (day.engine, day.usage.pictures, day.usage.cost) == ("instant", 2, 0.0)
    assert await limner.usage(owner="ben") == ()
    with pytest.raises(InvalidRequest, match="366 days"):
        await limner.usage(owner="ann", first=day.day.replace(year=day.day.year - 2))


async def test_a_budget_refuses_in_code_as_it_does_over_http(tmp_path):
    shop = {"kind": "ledger", "ledger": str(tmp_path / "ledger")}
    async with Limner(home=tmp_path / "home", engines={"shop": shop}, budgets={"per_owner": {"day": 0.05}}) as limner:
        await limner.submit("a red fox", owner="ann")
        with pytest.raises(BudgetExhausted, match="Nothing was queued"):
            await limner.submit("a red fox", owner="ann")
