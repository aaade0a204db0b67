"""What every storage has to keep: the sentences of `limner.contracts.storage`, as tests.

class TestAttic(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path):
        return AtticStorage(f"attic://{tmp_path}")
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from limner.contracts.storage import LocalStorage, SigningStorage, StagingStorage, Storage
from limner.domain.errors import NotFound

KEY = "0196a5a4-7b6c-7000-8000-000000000000/0/1.png"
OTHER_KEY = "0196a5a4-7b6c-7000-8000-000000000001/0/1.png"
ODD_KEYS = ("a", "a.b", "a-b_c.d/0", "_", "-/1", "deep/er/and/deep/er/still.webp", "a/" * 99 + "bb", "k" * 200)
NO_KEYS = ("", "/a", "a/", "a//b", "../a", "a/../b", "./a", "A", "ü", "a b", "a\0b", "a\n", "a\\b", ".a", "a" * 201)
LARGE = bytes(range(256)) * 2**15

T = TypeVar("T")


class StorageSuite:
    """Give it a fixture `storage`, empty and not open."""

    @pytest.fixture
    def storage(self) -> Storage:
        raise NotImplementedError("Give the suite a fixture `storage` that returns the storage.")

    def test_it_is_a_storage(self, storage: Storage) -> None:
        assert isinstance(storage, Storage)

    @pytest.mark.parametrize("data", [b"picture", b"", LARGE], ids=["small", "empty", "large"])
    def test_what_was_written_can_be_read(self, storage: Storage, data: bytes) -> None:
        async def write_and_read() -> bytes:
            await storage.write(KEY, data)
            return await storage.read(KEY)

        assert self.run(storage, write_and_read) == data

    def test_a_write_replaces_what_was_there(self, storage: Storage) -> None:
        async def write_twice() -> bytes:
            await storage.write(KEY, b"a long first picture")
            await storage.write(KEY, b"second")
            return await storage.read(KEY)

        assert self.run(storage, write_twice) == b"second"

    def test_an_absent_key_is_not_found(self, storage: Storage) -> None:
        async def read_beside() -> None:
            await storage.write(KEY, b"picture")
            with pytest.raises(NotFound):
                await storage.read(OTHER_KEY)
            with pytest.raises(NotFound):
                await storage.read(KEY.partition("/")[0])

        self.run(storage, read_beside)

    def test_what_was_deleted_is_gone(self, storage: Storage) -> None:
        async def delete() -> list[str]:
            await storage.write(KEY, b"picture")
            await storage.write(OTHER_KEY, b"other")
            await storage.delete(KEY)
            with pytest.raises(NotFound):
                await storage.read(KEY)
            return await keys_in(storage)

        assert self.run(storage, delete) == [OTHER_KEY]

    def test_deleting_an_absent_key_is_no_error(self, storage: Storage) -> None:
        self.run(storage, lambda: storage.delete(KEY))

    def test_a_deleted_key_can_be_written_again(self, storage: Storage) -> None:
        async def write_again() -> bytes:
            await storage.write(KEY, b"first")
            await storage.delete(KEY)
            await storage.write(KEY, b"second")
            return await storage.read(KEY)

        assert self.run(storage, write_again) == b"second"

    @pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: key[:20])
    def test_it_takes_every_key(self, storage: Storage, key: str) -> None:
        async def write_and_read() -> tuple[bytes, list[str]]:
            await storage.write(key, b"picture")
            return await storage.read(key), await keys_in(storage)

        assert self.run(storage, write_and_read) == (b"picture", [key])

    @pytest.mark.parametrize("key", NO_KEYS, ids=ascii)
    @pytest.mark.parametrize("verb", ["write", "read", "delete"])
    def test_what_is_no_key_is_refused(self, storage: Storage, verb: str, key: str) -> None:
        async def try_it() -> list[str]:
            with pytest.raises(ValueError, match=r"."):
                await (storage.write(key, b"picture") if verb == "write" else getattr(storage, verb)(key))
            return await keys_in(storage)

        assert self.run(storage, try_it) == []

    def test_a_listing_tells_keys_sizes_and_times(self, storage: Storage) -> None:
        async def write_and_list() -> None:
            await storage.write(KEY, b"picture")
            (stored,) = [stored async for stored in storage.list()]
            assert (stored.key, stored.size) == (KEY, 7)
            assert abs(datetime.now(UTC) - stored.modified_at) < timedelta(minutes=5)

        self.run(storage, write_and_list)

    @pytest.mark.parametrize(
        ("prefix", "listed"),
        [("", ["a/0/1", "a/1/1", "ab/0/1"]), ("a", ["a/0/1", "a/1/1"]), ("a/1", ["a/1/1"]), ("b", [])],
    )
    def test_a_prefix_is_whole_segments(self, storage: Storage, prefix: str, listed: list[str]) -> None:
        async def write_and_list() -> list[str]:
            for key in ("a/0/1", "a/1/1", "ab/0/1"):
                await storage.write(key, b"picture")
            return await keys_in(storage, prefix)

        assert self.run(storage, write_and_list) == listed

    def test_what_was_written_outlives_the_storage(self, storage: Storage) -> None:
        self.run(storage, lambda: storage.write(KEY, b"picture"))

        assert self.run(storage, lambda: storage.read(KEY)) == b"picture"

    def test_many_can_write_at_once(self, storage: Storage) -> None:
        keys = sorted(f"job-{number}/0/1.png" for number in range(100))

        async def write_all() -> list[str]:
            await asyncio.gather(*(storage.write(key, key.encode()) for key in keys))
            assert await asyncio.gather(*map(storage.read, keys)) == [key.encode() for key in keys]
            return await keys_in(storage)

        assert self.run(storage, write_all) == keys

    def test_writers_of_one_key_leave_one_whole_picture(self, storage: Storage) -> None:
        pictures = [bytes([number]) * 100_000 for number in range(20)]

        async def write_all() -> bytes:
            await asyncio.gather(*(storage.write(KEY, picture) for picture in pictures))
            return await storage.read(KEY)

        assert self.run(storage, write_all) in pictures

    def test_a_reader_sees_the_old_or_the_new_whole(self, storage: Storage) -> None:
        old, new = b"o" * 500_000, b"n" * 500_000

        async def read_while_writing() -> list[bytes]:
            await storage.write(KEY, old)
            writing = asyncio.create_task(storage.write(KEY, new))
            seen = [await storage.read(KEY) for _ in range(10)]
            await writing
            return [*seen, await storage.read(KEY)]

        seen = self.run(storage, read_while_writing)
        assert set(seen) <= {old, new}
        assert seen[-1] == new

    def test_a_local_path_leads_to_the_bytes(self, storage: Storage) -> None:
        async def follow() -> bytes:
            assert isinstance(storage, LocalStorage)
            await storage.write(KEY, b"picture")
            return await asyncio.to_thread(storage.local_path(KEY).read_bytes)

        self.need(isinstance(storage, LocalStorage), "has no local files")
        assert self.run(storage, follow) == b"picture"

    def test_an_absent_key_has_no_local_path(self, storage: Storage) -> None:
        async def follow() -> None:
            assert isinstance(storage, LocalStorage)
            with pytest.raises(NotFound):
                storage.local_path(KEY)

        self.need(isinstance(storage, LocalStorage), "has no local files")
        self.run(storage, follow)

    def test_it_knows_its_free_space(self, storage: Storage) -> None:
        async def ask() -> int:
            assert isinstance(storage, LocalStorage)
            return storage.free_space()

        self.need(isinstance(storage, LocalStorage), "has no local files")
        assert self.run(storage, ask) > 0

    def test_clearing_what_is_staged_leaves_what_was_written(self, storage: Storage) -> None:
        async def clear() -> tuple[int, bytes]:
            assert isinstance(storage, StagingStorage)
            await storage.write(KEY, b"picture")
            cleared = await storage.clear_staged(before=datetime.now(UTC) + timedelta(hours=1))
            return cleared, await storage.read(KEY)

        self.need(isinstance(storage, StagingStorage), "stages nothing")
        assert self.run(storage, clear) == (0, b"picture")

    def test_it_signs_a_url(self, storage: Storage) -> None:
        async def sign() -> str:
            assert isinstance(storage, SigningStorage)
            await storage.write(KEY, b"picture")
            return await storage.signed_url(KEY, timedelta(minutes=5))

        self.need(isinstance(storage, SigningStorage), "serves nothing itself")
        assert "://" in self.run(storage, sign)

    def need(self, condition: object, otherwise: str) -> None:
        if not condition:
            pytest.skip(f"The storage {otherwise}.")

    def run(self, storage: Storage, act: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Opens the storage, acts, closes it, in an event loop of its own."""

        async def opened() -> T:
            await storage.open()
            try:
                return await act()
            finally:
                await storage.close()

        return asyncio.run(opened())


async def keys_in(storage: Storage, prefix: str = "") -> list[str]:
    return sorted([stored.key async for stored in storage.list(prefix)])
