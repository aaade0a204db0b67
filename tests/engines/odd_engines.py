"""Engines that do one odd thing each, imported by name in the children of test_isolated."""

import asyncio
import gc
import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

from limner.contracts.engine import Engine, Painted, Progress, Submitted, Submitting
from limner.domain.capabilities import Capabilities
from limner.domain.errors import RateLimited, Unauthorised


class Odd(Engine):
    capabilities = Capabilities(concurrency=4)

    def __init__(self, **options):
        self.options = options


class Noisy(Odd):
    """Writes to every standard stream, natively too, and reads standard input."""

    async def paint(self, task):
        print("noise " * 100_000)
        os.write(1, b"\x00\xff" * 50_000)
        os.write(2, b"\xff" * 50_000)
        subprocess.run(["echo", "noise"], check=True)
        yield Painted(ordinal=0, image=sys.stdin.read().encode() + b"quiet")


class Garbling(Odd):
    """Finds the link and writes into it."""

    async def paint(self, task):
        links = [one for one in gc.get_objects() if isinstance(one, socket.socket)]
        os.write(links[0].fileno(), b"hello, I am not a frame")
        await asyncio.sleep(60)
        yield Progress(step=1)


class Marking(Odd):
    """Touches a file after each stroke, once it may go on."""

    async def paint(self, task):
        strokes = (
            Submitting(ordinals=(0,), request_key="key"),
            Submitted(ordinals=(0,), handle={"id": 1}),
            Painted(ordinal=0, image=b"image", seed=4),
        )
        for stroke in strokes:
            yield stroke
            Path(self.options["folder"], type(stroke).__name__).touch()


class Chatty(Odd):
    """Ten thousand progress strokes with previews, then a picture."""

    async def paint(self, task):
        for step in range(10_000):
            yield Progress(step=step, steps=10_000, ordinal=0, preview=b"%d" % step)
        yield Painted(ordinal=0, image=b"image")


class Endless(Odd):
    """Never waits for anything."""

    async def paint(self, task):
        step = 0
        while True:
            yield Progress(step=(step := step + 1))


class Reading(Odd):
    """Paints what it reads."""

    async def paint(self, task):
        for ordinal, name in enumerate(("known", "unknown")):
            try:
                image = await task.read_input(name)
            except KeyError:
                image = b"absent"
            yield Painted(ordinal=ordinal, image=image)


class Listing(Odd):
    """Paints what the task says of its inputs."""

    async def paint(self, task):
        told = [(one.name, one.role, one.media_type, one.width, one.height) for one in task.inputs]
        yield Painted(ordinal=0, image=json.dumps([told, task.request.inputs[0].role]).encode())


class Telling(Odd):
    """Paints what it knows of its process."""

    async def paint(self, task):
        facts = {
            "pid": os.getpid(),
            "nice": os.nice(0),
            "argv": sys.argv,
            "environment": sorted(os.environ.items()),
            "command": Path("/proc/self/cmdline").read_text(),
            "modules": sorted(sys.modules),
            "job": task.job_id,
            "options": dict(task.request.options),
            "oom_score": int(Path("/proc/self/oom_score_adj").read_text()),
            "core_limit": resource.getrlimit(resource.RLIMIT_CORE)[0],
        }
        yield Painted(ordinal=0, image=json.dumps(facts).encode())


class Forking(Odd):
    """Leaves a grandchild that holds every stream open, and dies."""

    async def paint(self, task):
        grandchild = subprocess.Popen(["sleep", "600"])
        yield Submitted(ordinals=(0,), handle=grandchild.pid)
        os.kill(os.getpid(), 11)


class Closing(Odd):
    """Touches a file when its generator is closed, and another when it is closed itself."""

    async def paint(self, task):
        try:
            yield Progress(step=1)
            await asyncio.sleep(600)
        finally:
            Path(self.options["folder"], f"paint {task.job_id}").touch()

    async def close(self):
        Path(self.options["folder"], "engine").touch()


class Unopenable(Odd):
    async def open(self):
        raise Unauthorised("The key is not valid.")

    async def paint(self, task):
        yield Progress(step=1)


class Crashing(Odd):
    """Dies while it opens."""

    async def open(self):
        os.kill(os.getpid(), 11)

    async def paint(self, task):
        yield Progress(step=1)


class Slow(Odd):
    """Opens slowly."""

    capabilities = Capabilities(silence_timeout=0.3)

    async def open(self):
        time.sleep(self.options["seconds"])

    async def paint(self, task):
        yield Painted(ordinal=0, image=b"image")


class Unwell(Odd):
    async def health(self):
        raise RateLimited("Come back later.", retry_after=7, quota="images")

    async def paint(self, task):
        yield Progress(step=1)


class Secretive(Odd):
    """Raises what it was told."""

    async def paint(self, task):
        yield Progress(step=1)
        raise ValueError(task.request.prompt)


class Hoarding(Odd):
    """Holds `megabytes` of memory, touched, then sleeps."""

    async def paint(self, task):
        hoard = bytearray(self.options["megabytes"] * 2**20)
        yield Progress(step=1)
        await asyncio.sleep(2 if hoard else 0)
        yield Painted(ordinal=0, image=b"image")


class Leaving(Odd):
    async def paint(self, task):
        yield Progress(step=1)
        sys.exit(4)


class Wordless(Odd):
    """Yields something that is no stroke."""

    async def paint(self, task):
        yield "a picture"


class Calling(Odd):
    """Keeps in a file which call it was told to cancel."""

    async def paint(self, task):
        yield Painted(ordinal=0, image=b"image")

    async def cancel(self, call):
        if call.handle is None:
            raise RateLimited
        Path(self.options["file"]).write_text(json.dumps([call.ordinals, call.request_key, call.handle]))
