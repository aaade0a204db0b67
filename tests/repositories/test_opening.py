import asyncio
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from limner.domain.errors import DatabaseError, DatabaseUnavailable
from limner.domain.identity import KeyKind
from limner.repositories.sql import SqlRepository, migrating, tables
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.network_folder import refuse_network
from limner.repositories.sql.sqlite import FileLock, SqliteDatabase, retired_of, writing_engine
from tests.repositories.making import POLICY, on_sqlite, opened, submitted


def schema(path):
    """Tables and indexes as the database describes them, without their layout."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'limner_%'")
        return {name: " ".join((sql or "").replace('"', "").split()) for name, sql in rows}


def set_revision(path, revision):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE limner_migrations SET version_num = ?", (revision,))


async def test_nothing_is_touched_before_open(path):
    repository = SqlRepository(f"sqlite:///{path}")
    assert not list(path.parent.iterdir())
    with pytest.raises(DatabaseUnavailable):
        await repository.find_job("x")


def migrate(database, clock):
    database.migrate(Moment(clock.now()))


def be_alone(database, clock):
    with database.alone():
        pass


@pytest.mark.parametrize(("asks", "told"), [(migrate, "were moved to another database"), (be_alone, "no such file")])
async def test_who_waits_while_the_rows_are_moved_away_makes_no_new_file(path, clock, monkeypatch, asks, told):
    async with opened(path):
        pass
    lock, waiting, take = FileLock(path), threading.Event(), FileLock._take

    def takes(self, file, until):
        if self is not lock:
            waiting.set()
        take(self, file, until)

    monkeypatch.setattr(FileLock, "_take", takes)
    with lock.held():
        waits = asyncio.create_task(asyncio.to_thread(asks, SqliteDatabase(path), clock))
        assert await asyncio.to_thread(waiting.wait, 20)
        path.rename(retired_of(path))
    with pytest.raises(DatabaseError, match=told):
        await waits
    lock.close()
    assert not path.exists()


async def test_whose_first_write_comes_after_the_rows_were_moved_makes_no_new_file(path):
    async with opened(path):
        pass
    repository = SqlRepository(f"sqlite:///{path}")
    await repository.open()
    try:
        path.rename(retired_of(path))
        with pytest.raises(DatabaseUnavailable):
            await submitted(repository)
    finally:
        await repository.close()
    assert not path.exists()


async def test_migrations_lead_to_the_tables_that_statements_use(path):
    async with opened(path):
        pass
    with writing_engine(path).connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "limner_migrations"})
        assert compare_metadata(context, tables.metadata) == []


async def test_migrations_make_the_same_schema_as_the_tables(path, tmp_path):
    async with opened(path):
        pass
    with writing_engine(tmp_path / "direct.db").connect() as connection, connection.begin():
        tables.metadata.create_all(connection)
    made = schema(path)
    assert made.pop("limner_migrations")
    assert made == schema(tmp_path / "direct.db")


async def test_all_names_begin_with_our_prefix(path):
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        ]
    assert names
    assert all(name.startswith("limner_") for name in names)


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # without it a power cut takes what was acknowledged
        ("wal_autocheckpoint", 0),
        ("mmap_size", 0),
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
        ("temp_store", 2),  # in memory: a large group must not need room, or leave to write, in another folder
    ],
)
def test_the_writer_keeps_its_promises_by_these_settings(path, pragma, value):
    with writing_engine(path).connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


async def test_folders_may_have_any_name(tmp_path):
    folder = tmp_path / "Füchse & co #1? 100%"
    async with opened(folder / "limner.db") as repository:
        job = await submitted(repository)
        assert (await repository.find_job(job.id)).id == job.id


async def test_a_hosts_tables_are_left_alone(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE jobs (id)")
        connection.execute("INSERT INTO jobs VALUES (17)")
        connection.commit()
    async with opened(path) as repository:
        await submitted(repository)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM jobs").fetchall() == [(17,)]


async def test_a_newer_database_is_refused_with_the_way_back(path):
    async with opened(path):
        pass
    set_revision(path, "9999")
    backup = path.with_name("limner.db.before-9999")
    backup.touch()
    with pytest.raises(DatabaseError) as refusal:
        await SqlRepository(f"sqlite:///{path}").open()
    assert str(refusal.value) == (
        "This database was written by a newer Limner (revision 9999). "
        f"Upgrade Limner, or restore the backup at {backup}."
    )


@pytest.fixture
def one_revision_more(tmp_path, monkeypatch):
    """As the next version will be: one more migration script."""
    scripts = tmp_path / "versions"
    scripts.mkdir()
    (scripts / "next.py").write_text(
        f"from alembic import op\nrevision = 'next'\ndown_revision = '{migrating.HEAD}'\n"
        "def upgrade():\n    op.execute('ALTER TABLE limner_facts ADD COLUMN extra INTEGER')\n"
    )
    config_for = migrating.config_for

    def config_with_more(connection):
        config = config_for(connection)
        here = config.get_main_option("script_location")
        config.set_main_option("version_locations", f"{here}/versions;{scripts}")
        config.set_main_option("path_separator", ";")
        return config

    monkeypatch.setattr(migrating, "config_for", config_with_more)
    monkeypatch.setattr(migrating, "HEAD", "next")


async def test_an_older_database_is_upgraded_after_a_copy(path, request):
    async with opened(path) as repository:
        job = await submitted(repository)
    request.getfixturevalue("one_revision_more")
    async with opened(path) as repository:
        assert (await repository.find_job(job.id)).id == job.id
    copy = path.with_name("limner.db.before-next")
    assert "extra" in schema(path)["limner_facts"]
    assert "extra" not in schema(copy)["limner_facts"]
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT id FROM limner_jobs").fetchall() == [(job.id,)]


async def test_a_failed_upgrade_changes_nothing(path, request, tmp_path):
    async with opened(path):
        pass
    request.getfixturevalue("one_revision_more")
    script = tmp_path / "versions" / "next.py"
    script.write_text(script.read_text() + "    op.execute('INSERT INTO nowhere VALUES (1)')\n")
    before = schema(path)
    with pytest.raises(Exception, match="nowhere"):
        await SqlRepository(f"sqlite:///{path}").open()
    assert schema(path) == before


def made_at(path, revision):
    """A database as the version with that revision left it."""
    with writing_engine(path).connect() as connection, connection.begin():
        command.upgrade(migrating.config_for(connection), revision)


async def test_keys_of_an_older_database_stay_keys(path):
    made_at(path, "0001")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO limner_keys VALUES ('k1', 'ann', 'ab', 'laptop', 'jobs:read', 1, NULL, NULL)")
    async with opened(path) as repository:
        (key,) = await repository.list_keys()
    assert (key.id, key.kind, key.parent, key.name) == ("k1", KeyKind.KEY, None, "laptop")


def test_the_newest_step_is_the_scripts_own():
    scripts = ScriptDirectory.from_config(migrating.config_for(None))
    assert scripts.get_current_head() == migrating.HEAD


async def test_an_up_to_date_database_is_opened_without_alembic(path):
    async with opened(path):
        pass
    code = (
        "import asyncio, sys; from limner.repositories.sql import SqlRepository\n"
        f"asyncio.run(SqlRepository('sqlite:///{path}').open()); print('alembic' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0] == b"False\n"


async def test_an_up_to_date_database_is_not_copied(path):
    for _ in range(2):
        async with opened(path):
            pass
    assert not [entry.name for entry in path.parent.iterdir() if "before" in entry.name]


async def test_many_may_open_a_new_database_at_once(path):
    repositories = [SqlRepository(f"sqlite:///{path}") for _ in range(8)]
    await asyncio.gather(*(repository.open() for repository in repositories))
    job = await submitted(repositories[0])
    assert (await repositories[7].find_job(job.id)).id == job.id
    for repository in repositories:
        await repository.close()


async def test_a_file_that_is_no_database_is_refused(path):
    path.write_bytes(b"This is not a database, but it is long enough to look like a file." * 100)
    with pytest.raises(DatabaseError, match=r"limner\.db cannot be used .* is damaged .* Restore it from a backup"):
        await SqlRepository(f"sqlite:///{path}").open()


async def test_a_damaged_database_is_refused(path):
    async with opened(path):
        pass
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)
    with pytest.raises(DatabaseError, match="is damaged"):
        await SqlRepository(f"sqlite:///{path}").open()


async def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match=r"file/limner\.db cannot be used as Limner's database"):
        await SqlRepository(f"sqlite:///{tmp_path}/file/limner.db").open()


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("mysql://localhost/x", "There is no repository for mysql"),
        ("nonsense", "is not a database URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_a_remedy(url, remedy):
    with pytest.raises(DatabaseError, match=remedy):
        SqlRepository(url)


@on_sqlite
async def test_a_backup_is_consistent_while_jobs_come_in(repository, tmp_path):
    async def keep_submitting():
        while True:
            await submitted(repository)

    busy = asyncio.create_task(keep_submitting())
    await asyncio.sleep(0.1)
    await repository.backup(str(tmp_path / "copy.db"))
    busy.cancel()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        jobs, events = (copy.execute(f"SELECT count(*) FROM limner_{name}").fetchone() for name in ("jobs", "events"))
    assert jobs == events > (0,)


@on_sqlite
async def test_a_backup_can_be_opened_and_worked_with(repository, tmp_path):
    job = await submitted(repository)
    await repository.backup(str(tmp_path / "copy.db"))
    async with opened(tmp_path / "copy.db") as copy:
        assert (await copy.claim("w1", {"painter": 1}, policy=POLICY))[0][0].job.id == job.id


async def test_skewed_lanes_are_mended_at_open(path, clock):
    async with opened(path, clock) as repository:
        await submitted(repository)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE limner_lanes SET queued = 0, waiting = 7, claimable = 0")
        connection.execute("INSERT INTO limner_lanes VALUES ('ben', 'painter', 3, 0, 3, 1, 1, 0)")
    async with opened(path, clock) as repository:
        facts = await repository.queue_facts()
        claims, _ = await repository.claim("w1", {"painter": 9}, policy=POLICY)
    assert (facts.queued, facts.running, len(claims)) == ({"painter": 1}, {"painter": 0}, 1)


MOUNTS = """
20 1 0:9 / / rw shared:1 - 9p root rw
21 20 8:1 / /srv rw - ext4 /dev/sda1 rw
22 21 0:40 / /srv/our\\040share rw,relatime shared:5 master:2 - {kind} server:/export rw
23 22 8:2 / /srv/our\\040share/disk rw - ext4 /dev/sda2 rw
24 20 0:41 / {own} rw - {kind} server:/own rw
"""


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    def mounted(kind, own="/nowhere"):
        (tmp_path / "mountinfo").write_text(MOUNTS.format(kind=kind, own=own).strip())
        monkeypatch.setattr("limner.repositories.sql.network_folder.MOUNTS", tmp_path / "mountinfo")

    return mounted


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
@pytest.mark.parametrize(
    ("place", "is_refused"),
    [
        ("/srv/our share/limner/limner.db", True),
        ("/srv/our share/disk/limner.db", False),
        ("/srv/our share and more/limner.db", False),
        ("/srv/limner.db", False),
        ("/limner.db", False),
    ],
)
def test_a_file_is_refused_where_its_folder_is_a_networks(mounted, kind, place, is_refused):
    mounted(kind)
    if not is_refused:
        refuse_network(Path(place))
        return
    with pytest.raises(DatabaseError, match=rf"network file system \({kind}\)"):
        refuse_network(Path(place))


def test_a_later_mount_hides_an_earlier_one_at_its_place(mounted):
    mounted("ext4", own="/srv/our\\040share")
    refuse_network(Path("/srv/our share/limner.db"))


async def test_rows_are_not_opened_on_a_network(path, mounted):
    mounted("nfs", own=path.parent)
    with pytest.raises(DatabaseError, match="use Postgres"):
        await SqlRepository(f"sqlite:///{path}").open()
    assert not path.exists()


def test_where_nothing_tells_of_mounts_nothing_is_refused(monkeypatch, path):
    monkeypatch.setattr("limner.repositories.sql.network_folder.MOUNTS", path / "nowhere")
    refuse_network(path)
