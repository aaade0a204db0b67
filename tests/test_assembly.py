import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest

from limner.actions.claim_storage import MARK
from limner.assembly import EMBEDDED_GRACE, Assembly, chain_signal, link_secret, make_home
from limner.domain.errors import NotStarted, PluginError, SettingsError, StorageUnavailable
from limner.settings import Settings
from limner.testing.instant import InstantEngine
from tests.repositories.making import submitted


def build(home, **settings):
    read = Settings.load(home=home, engines={}, **settings)
    return Assembly(read, engines={"instant": InstantEngine()}, embedded=True)


@pytest.fixture
def assembly(tmp_path):
    return build(tmp_path / "home")


def test_building_touches_no_file(tmp_path):
    build(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_the_secret_is_not_there_before_the_start(assembly):
    with pytest.raises(NotStarted):
        _ = assembly.secret


async def test_it_starts_once_for_two_lifespans_and_stops_with_the_last(assembly):
    await assembly.start(work=True)
    worker = assembly.worker
    await assembly.start(work=True)
    assert assembly.worker is worker
    await assembly.stop()
    assert assembly.started
    await assembly.stop()
    assert not assembly.started


async def test_rows_are_dated_by_the_limit_for_pictures(tmp_path):
    assembly = build(tmp_path / "home", limits={"image_age": 60})
    await assembly.start(work=False)
    job = await submitted(assembly.repository)
    await assembly.repository.cancel(job.id)
    ended = await assembly.repository.find_job(job.id)
    await assembly.stop()
    assert (ended.expires_at - ended.finished_at).total_seconds() == 60


async def test_two_starts_at_once_open_everything_once(assembly):
    await asyncio.gather(assembly.start(work=True), assembly.start(work=True))
    await assembly.stop()
    assert assembly.started
    await assembly.stop()


async def test_stopping_without_a_start_does_nothing(assembly):
    await assembly.stop()
    await assembly.start(work=False)
    assert assembly.started
    await assembly.stop()
    await assembly.stop()
    assert not assembly.started


async def test_without_work_there_is_no_worker_until_somebody_asks_for_one(assembly):
    await assembly.start(work=False)
    assert assembly.worker is None
    await assembly.start(work=True)
    assert assembly.worker is not None
    await assembly.stop()
    await assembly.stop()
    assert assembly.worker is None


def test_it_starts_again_in_another_event_loop(assembly):
    async def live():
        await assembly.start(work=True)
        await assembly.repository.ping()
        await assembly.stop()

    asyncio.run(live())
    asyncio.run(live())


def test_a_loop_that_died_without_a_stop_is_forgotten(assembly):
    asyncio.run(assembly.start(work=False))
    asyncio.run(_start_and_stop(assembly))
    assert not assembly.started


async def _start_and_stop(assembly):
    await assembly.start(work=False)
    await assembly.stop()


async def test_a_second_living_loop_is_refused(assembly):
    await assembly.start(work=False)
    with pytest.raises(NotStarted, match="another event loop"):
        await asyncio.to_thread(asyncio.run, assembly.start(work=False))
    await assembly.stop()


async def test_in_another_loop_it_counts_as_not_started(assembly):
    async def started():
        return assembly.started

    await assembly.start(work=False)
    assert await started()
    assert not await asyncio.to_thread(asyncio.run, started())
    await assembly.stop()


async def test_a_start_that_fails_leaves_nothing_open(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "limner.db").write_bytes(b"not a database, surely not" * 100)
    assembly = build(tmp_path / "home")
    with pytest.raises(Exception, match=r"limner\.db"):
        await assembly.start(work=True)
    assert not assembly.started


async def test_streams_end_when_it_is_told_that_the_server_stops(assembly):
    await assembly.start(work=False)
    with assembly.notifier.subscribe(owner="ann") as subscription:
        assembly.end_streams()
        with pytest.raises(StopAsyncIteration):
            await subscription.next(10)
    assert assembly.draining
    await assembly.stop()


async def test_the_metrics_tell_the_queue_as_it_is(assembly):
    await assembly.start(work=False)
    assert b"limner_oldest_claimable_seconds 0.0" in await assembly.metrics()
    await assembly.stop()


async def test_embedded_it_drains_for_two_seconds_at_most(assembly):
    await assembly.start(work=True)
    graces = []
    drain = assembly.worker.drain
    assembly.worker.drain = lambda grace: graces.append(grace) or drain(grace)
    await assembly.stop()
    assert graces == [EMBEDDED_GRACE]


def test_the_home_is_for_its_owner_only(tmp_path):
    make_home(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_home_that_cannot_be_made_is_named_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"file/home cannot be made .* LIMNER_HOME"):
        make_home(tmp_path / "file" / "home")


def test_the_secret_stays_the_same_and_is_private(tmp_path):
    secret = link_secret(tmp_path)
    assert link_secret(tmp_path) == secret
    assert len(secret) == 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_processes_that_come_at_once_agree_on_the_secret(tmp_path):
    code = f"from pathlib import Path; from limner.assembly import link_secret; print(link_secret(Path({str(tmp_path)!r})))"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)]
    assert len({process.communicate()[0] for process in processes}) == 1


def test_a_damaged_secret_is_named(tmp_path):
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(SettingsError, match="secret is damaged"):
        link_secret(tmp_path)


def test_a_home_that_is_gone_is_told_as_a_storage_that_does_not_work(assembly):
    with pytest.raises(StorageUnavailable, match="No such file"):
        assembly.free_space()


async def test_the_free_space_is_that_of_the_databases_folder(tmp_path, monkeypatch):
    (tmp_path / "rows").mkdir()
    assembly = build(tmp_path / "home", database=f"sqlite:///{tmp_path / 'rows' / 'limner.db'}", storage="memory://")
    asked = []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: asked.append(path) or SimpleNamespace(free=7))
    assert assembly.free_space() == 7
    assert asked == [tmp_path / "rows"]


def test_an_unknown_storage_is_refused(tmp_path):
    with pytest.raises(PluginError, match="gopher"):
        build(tmp_path, storage="gopher://x")


def test_without_any_engine_it_says_so(tmp_path):
    with pytest.raises(SettingsError, match="default model"):
        Assembly(Settings.load(home=tmp_path, engines={}))


async def test_a_chained_signal_runs_both_handlers_and_can_be_undone():
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append("before"))
    undo = chain_signal(signal.SIGUSR1, asyncio.get_running_loop(), lambda: heard.append("ours"))
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.sleep(0.01)
    undo()
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.sleep(0.01)
    signal.signal(signal.SIGUSR1, before)
    assert heard == ["before", "ours", "before"]


async def test_a_signal_without_a_handler_keeps_its_default():
    undo = chain_signal(signal.SIGUSR1, asyncio.get_running_loop(), lambda: None)
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
    undo()


async def test_it_starts_while_the_object_store_is_away_and_claims_it_before_it_collects(tmp_path, mortal_s3):
    mortal_s3.kill()
    assembly = build(tmp_path / "home", storage=mortal_s3.url())
    await assembly.start(work=False)
    mortal_s3.start()
    await assembly.sweeper.collect()
    assert (await assembly.storage.read(MARK)).decode() == await assembly.repository.installation()
    await assembly.stop()


async def test_processes_of_one_installation_share_its_storage(tmp_path, store_url):
    for _ in range(2):
        assembly = build(tmp_path / "home", storage=store_url)
        await assembly.start(work=False)
        await assembly.stop()


async def test_another_installations_storage_is_refused_and_all_is_closed(tmp_path, store_url):
    first, second = (build(tmp_path / name, storage=store_url) for name in ("first", "second"))
    await first.start(work=False)
    await first.stop()
    with pytest.raises(SettingsError, match="another installation's pictures"):
        await second.start(work=False)
    assert not second.started


async def test_machines_with_a_folder_each_are_refused_where_they_share_the_rows(tmp_path, postgres_url):
    """Each would show the pictures that it painted itself, and no others."""
    first, second = (build(tmp_path / name, database=postgres_url, secret="s" * 32) for name in ("first", "second"))
    await first.start(work=False)
    with pytest.raises(SettingsError, match="same bucket or shared folder"):
        await second.start(work=False)
    await first.stop()


async def test_a_machine_may_begin_with_an_empty_folder_again(tmp_path):
    assembly = build(tmp_path / "home")
    await assembly.start(work=False)
    await assembly.stop()
    shutil.rmtree(tmp_path / "home" / "images")
    await assembly.start(work=False)
    await assembly.stop()
