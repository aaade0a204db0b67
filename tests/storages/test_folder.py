import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from limner.contracts.storage import LocalStorage, StagingStorage
from limner.domain.errors import NotFound, SettingsError, StorageFull, StorageUnavailable
from limner.storages.folder import FolderStorage

KEY = "0199c2a4-7d1e-7c3a-9f0e-2b8c5a6d1e40/0/1.png"


@pytest.fixture
async def storage(tmp_path):
    storage = FolderStorage(f"file://{tmp_path}/deep/er")
    await storage.open()
    yield storage
    await storage.close()


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


async def keys_of(storage, prefix=""):
    return sorted([found.key async for found in storage.list(prefix)])


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a/.b", "a\0b", "A/b"])
async def test_no_way_leads_out_of_the_folder(storage, key):
    for ask in (storage.read, storage.delete, lambda key: storage.write(key, b"")):
        with pytest.raises(ValueError, match="storage key"):
            await ask(key)


async def test_a_link_in_place_of_a_file_is_not_followed(storage, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    await storage.write(KEY, b"one")
    path = storage.local_path(KEY)
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(NotFound):
        await storage.read(KEY)
    with pytest.raises(NotFound):
        storage.local_path(KEY)
    assert await keys_of(storage) == []


async def test_writing_over_a_link_replaces_the_link(storage, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"untouched")
    await storage.write(KEY, b"one")
    path = storage.local_path(KEY)
    path.unlink()
    path.symlink_to(outside)
    await storage.write(KEY, b"two")
    assert (outside.read_bytes(), await storage.read(KEY)) == (b"untouched", b"two")


async def test_a_linked_shelf_is_refused_at_the_start(tmp_path):
    (tmp_path / "3f").symlink_to("/etc")
    with pytest.raises(SettingsError, match="symbolic link"):
        await FolderStorage(f"file://{tmp_path}").open()


async def test_files_that_are_not_ours_are_not_listed(storage):
    await storage.write(KEY, b"one")
    shelf = storage.local_path(KEY).parent
    (shelf / "Thumbs.db").write_bytes(b"")
    (shelf / ".a,0,1.png.12345678").write_bytes(b"half")
    (shelf.parent / "README").write_bytes(b"")
    assert await keys_of(storage) == [KEY]


async def test_what_a_killed_write_left_is_cleared_once_it_is_old(storage):
    await storage.write(KEY, b"one")
    shelf = storage.local_path(KEY).parent
    old, young = shelf / ".a,0,1.png.12345678", shelf / ".a,0,2.png.12345678"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert await storage.clear_staged(before=datetime.now(UTC) - timedelta(days=1)) == 1
    assert (old.exists(), young.exists(), await storage.read(KEY)) == (False, True, b"one")


async def test_files_are_for_their_owner_only(storage, tmp_path):
    await storage.write(KEY, b"one")
    path = storage.local_path(KEY)
    assert [p.stat().st_mode & 0o777 for p in (path, path.parent, tmp_path / "deep")] == [0o600, 0o700, 0o700]


async def test_a_shelf_that_was_removed_is_made_again(storage):
    await storage.write(KEY, b"one")
    shutil.rmtree(storage.local_path(KEY).parent)
    await storage.write(KEY, b"two")
    assert await storage.read(KEY) == b"two"


async def test_it_says_where_the_files_are_and_how_much_room_is_left(storage):
    assert isinstance(storage, LocalStorage)
    assert isinstance(storage, StagingStorage)
    assert storage.free_space() > 0


@pytest.mark.parametrize("url", ["file://relative/path", "folder:/x", "file://", "/abs", "file:///a%00b"])
def test_a_url_that_names_no_folder_is_refused_with_the_remedy(url):
    with pytest.raises(SettingsError, match="file:///absolute/path"):
        FolderStorage(url)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError, match=re.escape(f"{tmp_path}/file/images")):
        await FolderStorage(f"file://{tmp_path}/file/images").open()


async def test_a_file_too_large_for_the_system_is_a_full_storage_and_leaves_nothing(storage, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageFull):
            await storage.write(KEY, bytes(200_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files_below(tmp_path) == []


@pytest.fixture
def tiny_disk(tmp_path):
    disk = tmp_path / "tiny"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"a small tmpfs cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_full_disk_is_told_so_and_keeps_what_was_there(tiny_disk):
    storage = FolderStorage(f"file://{tiny_disk}")
    await storage.open()
    await storage.write(KEY, bytes(50_000))
    with pytest.raises(StorageFull):
        await storage.write(KEY, bytes(400_000))
    assert await storage.read(KEY) == bytes(50_000)
    assert len(files_below(tiny_disk)) == 1
    await storage.write("a/0/1.png", bytes(50_000))
    await storage.close()


WRITE = """
import asyncio, os, sys
from limner.storages.folder import FolderStorage

async def main():
    storage = FolderStorage(f"file://{sys.argv[1]}/new/folder")
    await storage.open()
    await storage.write("job/0/1.png", b"x" * 4096)
    os.write(1, b"written")

asyncio.run(main())
"""

SYSTEM_CALLS = "openat,write,fsync,fdatasync,rename,renameat,renameat2,mkdir"


def traced(tmp_path, *options):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    command = ["strace", "-f", "-y", "-e", f"trace={SYSTEM_CALLS}", *options, sys.executable, "-c", WRITE, tmp_path]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if "PTRACE" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    return done


def test_file_entry_shelf_and_new_folders_are_on_the_disk_before_write_returns(tmp_path):
    calls = traced(tmp_path).stderr
    root = re.escape(f"{tmp_path}/new/folder")
    shelf = re.search(root + r"/[0-9a-f]{2}(?=/)", calls)[0]
    expected = [
        rf"fsync\(\d+<{re.escape(str(tmp_path))}>",
        rf"fsync\(\d+<{re.escape(str(tmp_path))}/new>",
        rf"fsync\(\d+<{root}>",
        rf"fsync\(\d+<{shelf}/\.job,0,1\.png",
        rf"rename\w*\(.*{shelf}/job,0,1\.png",
        rf"fsync\(\d+<{shelf}>",
        r'write\(1<.*"written"',
    ]
    position = 0
    for call in expected:
        found = re.compile(call).search(calls, position)
        assert found, f"{call} is missing, or came too early"
        position = found.end()


@pytest.mark.parametrize(("nth", "error"), [(1, "EIO"), (2, "EIO"), (2, "ENOSPC"), (3, "EIO")])
def test_a_failed_fsync_of_shelf_entry_file_or_shelf_is_a_failed_write(tmp_path, nth, error):
    (tmp_path / "new" / "folder").mkdir(parents=True)
    done = traced(tmp_path, "-e", f"inject=fsync:error={error}:when={nth}")
    assert "written" not in done.stdout
    assert ("StorageFull" if error == "ENOSPC" else "StorageUnavailable") in done.stderr
    assert not [path for path in files_below(tmp_path) if path.name.startswith(".")]


async def test_a_storage_that_does_not_work_says_so(storage, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(StorageUnavailable, match="Input/output error"):
        await storage.write(KEY, b"one")


KILLED = """
import asyncio, itertools, os, sys
from limner.storages.folder import FolderStorage

async def main():
    storage = FolderStorage(f"file://{sys.argv[1]}")
    await storage.open()
    for n in itertools.count():
        await asyncio.gather(*(storage.write(f"job-{n}-{k}/0/1.png", bytes([k]) * 9000) for k in range(8)))
        os.write(1, b"%d\\n" % n)

asyncio.run(main())
"""


async def test_whatever_was_confirmed_before_a_kill_is_whole_afterwards(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE)
    confirmed = [int(child.stdout.readline()) for _ in range(10)]
    child.send_signal(signal.SIGKILL)
    child.communicate()
    storage = FolderStorage(f"file://{tmp_path}")
    await storage.open()
    for n in confirmed:
        assert [await storage.read(f"job-{n}-{k}/0/1.png") for k in range(8)] == [bytes([k]) * 9000 for k in range(8)]
    assert {found.size async for found in storage.list()} == {9000}
    await storage.close()
