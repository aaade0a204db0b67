"""What watchers see of jobs that other machines paint, while servers die."""

import pytest

from tests.faults.installation import installation, kill
from tests.fleet.machines import Machines, Watcher

SHARED = """
dispatcher = "celery+{broker}"
storage = "{storage}"
secret = "0123456789abcdef0123456789abcdef"
"""
SETTINGS = """
model = "slow"

[engines.slow]
kind = "ledger"
queue = "{queue}"
ledger = "{ledger}"
paint_seconds = {seconds}
pictures_per_call = 1
concurrency = {concurrency}
on_ambiguous = "retry"

[limits]
lease = 10
start_margin = 3
"""
JOBS = 12
PICTURES = 3


def settings_in(folder, *, seconds, concurrency=6):
    queue, ledger = f"limner-test-{folder.name}", folder / "ledger.jsonl"
    return SETTINGS.format(queue=queue, ledger=ledger, seconds=seconds, concurrency=concurrency)


@pytest.fixture(autouse=True)
def everybody_leaves():
    yield
    Watcher.all_leave()


@pytest.fixture
def machines(tmp_path, postgres_url, redis_server, storage):
    """Servers that do not paint, and workers."""
    started = []

    def machines(seconds=0.5):
        shared = SHARED.format(broker=redis_server.url, storage=storage)
        started.append(Machines(tmp_path, shared + settings_in(tmp_path, seconds=seconds), postgres_url))
        return started[-1]

    yield machines
    for one in started:
        one.stop()


@pytest.fixture
def storage(request, tmp_path):
    """A bucket, or a folder that all machines see."""
    return (
        (tmp_path / "shared").as_uri()
        if getattr(request, "param", "bucket") == "folder"
        else request.getfixturevalue("bucket_url")
    )


def ask(server, count=PICTURES):
    with server.client() as client:
        return client.post("/images", json={"prompt": "a fox", "count": count}).raise_for_status().json()["id"]


def has_ended(watcher):
    return any(data["state"] in {"succeeded", "failed"} for _, data in watcher.of("job"))


on_a_folder_too = pytest.mark.parametrize("storage", ["folder", "bucket"], indirect=True)


@on_a_folder_too
def test_nothing_durable_is_missed_while_a_server_dies(machines):
    """Twelve watchers of a job each and one of all: server A is killed when each has heard of its job, and all go on at C."""
    fleet = machines()
    a, c = fleet.server(), fleet.server()
    headers = a.headers
    everything = Watcher("/events", [a, c], headers)
    everything.wait_for(lambda watcher: watcher.connections)
    jobs = {job: Watcher(f"/jobs/{job}/events", [a, c], headers) for job in [ask(a) for _ in range(JOBS)]}
    for watcher in jobs.values():
        watcher.wait_for(lambda one: one.of("job"))
    fleet.worker()
    next(iter(jobs.values())).wait_for(lambda one: len(one.of("job")) > 2)
    kill(a.process)
    for job, watcher in jobs.items():
        watcher.wait_for(has_ended)
        seen = [int(number) for number, _ in watcher.of("job")]
        assert seen == list(range(seen[0], seen[-1] + 1)), "a gap, or one told twice"
        (row,) = c.rows("SELECT event_seq FROM limner_jobs WHERE id = ?", job)
        assert (seen[0], seen[-1]) == (1, row["event_seq"])
        assert len(watcher.of("job")[-1][1]["images"]) == PICTURES
    assert any(watcher.connections > 1 for watcher in jobs.values())
    everything.wait_for(lambda watcher: ended_in(watcher) == set(jobs))
    assert everything.connections > 1
    positions = [tuple(map(int, number.split("."))) for number, _ in everything.of("job") if number]
    assert positions == sorted(positions)
    for job in jobs:
        latest = [data for _, data in everything.of("job") if data["id"] == job][-1]
        assert told_by(latest) == told_by(jobs[job].of("job")[-1][1])


def told_by(job):
    """All but its addresses, which differ from server to server."""
    return {name: value for name, value in job.items() if name not in {"urls", "images"}}, [
        image["id"] for image in job["images"]
    ]


def ended_in(watcher):
    return {data["id"] for _, data in watcher.of("job") if data["state"] == "succeeded"}


def test_a_worker_that_dies_leaves_no_gap_either(machines):
    fleet = machines(seconds=1.0)
    a, c = fleet.server(), fleet.server()
    job = ask(a)
    watcher = Watcher(f"/jobs/{job}/events", [a, c], a.headers)
    first = fleet.worker()
    watcher.wait_for(lambda one: any(data["images"] for _, data in one.of("job")))
    kill(first.process)
    fleet.worker()
    watcher.wait_for(has_ended)
    seen = [int(number) for number, _ in watcher.of("job")]
    assert seen == list(range(1, len(seen) + 1))
    assert len(watcher.of("job")[-1][1]["images"]) == PICTURES


def test_previews_of_another_machines_paint_are_seen_and_go_with_the_job(machines):
    fleet = machines(seconds=4.0)
    server = fleet.server()
    everything = Watcher("/events", [server], server.headers)
    job = ask(server, count=1)
    of_job = Watcher(f"/jobs/{job}/events", [server], server.headers)
    fleet.worker()
    for watcher in (everything, of_job):
        ((_, preview), *_) = watcher.wait_for(lambda one: one.of("preview"))
        assert preview["image"].startswith("data:image/webp;base64,")
        watcher.wait_for(has_ended)
        kinds = [event for event, _, _ in watcher.told]
        assert "preview" not in kinds[len(kinds) - kinds[::-1].index("job") :]


def test_a_worker_beside_a_server_on_one_file_shows_its_previews_there(tmp_path):
    with installation(tmp_path, settings_in(tmp_path, seconds=60.0, concurrency=1)) as place:
        place.start("serve")
        place.wait_ready()
        place.start("work")
        jobs = [ask(place, count=1) for _ in range(2)]
        everything = Watcher("/events", [place], place.headers)
        everything.wait_for(lambda one: {data["job_id"] for _, data in one.of("preview")} == set(jobs))
        painters = place.rows("SELECT DISTINCT lease_owner FROM limner_jobs WHERE state = 'running'")
        assert len(painters) == 2
