"""Durable writes a second, milliseconds to finish a picture, thumbnails a second: python benchmarks/storage.py [folder].

Medians of repeated runs. Writes are shown beside the same bytes fsynced by the simplest loop on the same disk; those to
S3 go to an rclone on this machine and disk, which does not sync.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from limner.codecs.pillow import PillowCodec
from limner.contracts.storage import Storage
from limner.domain.identity import new_id
from limner.storages.folder import FolderStorage
from limner.storages.objects import ObjectStorage

RUNS = 5
WRITES = 1_000
IN_FLIGHT = 16
LABELS = {"Software": "Limner", "limner:job": new_id(), "limner:seed": "418320975"}


def picture(size: int, kind: str = "PNG") -> bytes:
    """Ramps under fine noise: a PNG of about 1.4 bytes a pixel, as painted pictures have."""
    ramps = [Image.linear_gradient("L").resize((size, size)).rotate(turn) for turn in (0, 90, 180)]
    noise = Image.effect_noise((size, size), 6).convert("RGB")
    file = io.BytesIO()
    Image.blend(Image.merge("RGB", ramps), noise, 0.1).save(file, kind)
    return file.getvalue()


async def durable_writes(storage: Storage, in_flight: int, data: bytes) -> float:
    """Writes a second, each of another job."""
    await storage.open()
    keys = iter([f"{new_id()}/0/1.png" for _ in range(WRITES)])

    async def write_some() -> None:
        for key in keys:
            await storage.write(key, data)

    start = time.perf_counter()
    await asyncio.gather(*(write_some() for _ in range(in_flight)))
    rate = WRITES / (time.perf_counter() - start)
    await storage.close()
    return rate


def folder_writes(folder: Path, in_flight: int, data: bytes) -> float:
    return asyncio.run(durable_writes(FolderStorage(f"file://{folder}"), in_flight, data))


def object_writes(folder: Path, in_flight: int, data: bytes) -> float:
    (folder / "bucket").mkdir()
    os.environ |= {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark", "RCLONE_CONFIG": os.devnull}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    rclone = str(Path(sys.executable).with_name("rclone"))
    command = [rclone, "serve", "s3", str(folder), "--addr", address, "--auth-key", "benchmark,benchmark", "-q"]
    with subprocess.Popen(command) as server:
        time.sleep(1)
        try:
            storage = ObjectStorage(f"s3://bucket/benchmark?endpoint=http://{address}")
            return asyncio.run(durable_writes(storage, in_flight, data))
        finally:
            server.terminate()


def plain_fsyncs(folder: Path, data: bytes) -> float:
    """Files created, written and fsynced a second, one after the other, without rename or directory."""
    start = time.perf_counter()
    for n in range(WRITES):
        with (folder / str(n)).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    return WRITES / (time.perf_counter() - start)


def milliseconds(deed: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS * 4):
        start = time.perf_counter()
        deed()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def thumbnails(data: bytes, *, size: int, threads: int) -> float:
    codec, count = PillowCodec(), 40
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(lambda _: codec.thumbnail(data, size=size), range(count)))
        return count / (time.perf_counter() - start)


def measure_writes(parent: str | None) -> None:
    def repeated(measure: Callable[[Path], float]) -> str:
        rates = []
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory(dir=parent) as folder:
                rates.append(measure(Path(folder)))
        return f"{statistics.median(rates):8.0f}/s   ({min(rates):.0f} to {max(rates):.0f})"

    small, large = os.urandom(4096), os.urandom(600_000)
    print("plain fsync of 4 kB, one at a time   ", repeated(lambda folder: plain_fsyncs(folder, small)))
    for place, write in (("folder", folder_writes), ("S3", object_writes)):
        for size, data, in_flight in (("4 kB", small, 1), ("4 kB", small, IN_FLIGHT), ("600 kB", large, IN_FLIGHT)):
            name = f"{place}: writes of {size}, {in_flight} in flight"
            print(f"{name:37}", repeated(lambda folder, n=in_flight, d=data, write=write: write(folder, n, d)))


def measure_codec() -> None:
    codec = PillowCodec()
    for size in (64, 768):
        for kind in ("png", "jpeg", "webp"):
            data = picture(size, kind.upper())
            spent = milliseconds(lambda data=data, kind=kind: codec.finish(data, format=kind, labels=LABELS))
            print(f"finish {size} px {kind} ({len(data):,} bytes): {spent:.2f} ms")
    data = picture(768)
    for kind in ("jpeg", "webp"):
        print(
            f"finish 768 px png as {kind}: {milliseconds(lambda k=kind: codec.finish(data, format=k, labels=LABELS)):.2f} ms"
        )
    for size in (256, 512):
        rates = [statistics.median(thumbnails(data, size=size, threads=n) for _ in range(RUNS)) for n in (1, 2)]
        print(f"thumbnails of 768 px png, {size} px: {rates[0]:.0f}/s in one thread, {rates[1]:.0f}/s in two")


if __name__ == "__main__":
    measure_writes(sys.argv[1] if len(sys.argv) > 1 else None)
    measure_codec()
