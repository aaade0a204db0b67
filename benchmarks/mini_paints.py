"""One process that paints with the weights in the given folder and prints what it took."""

import time

BEGAN = time.perf_counter()

import asyncio  # noqa: E402 - importing is measured, too
import json  # noqa: E402
import resource  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402

from limner.contracts.engine import PaintTask, Progress  # noqa: E402
from limner.domain.request import ImageRequest  # noqa: E402
from limner.engines.mini.engine import Mini  # noqa: E402

TIMES = 7


async def main(folder: str) -> dict[str, float]:
    engine = Mini(weights=folder, allow_toy=True)
    await engine.open()
    await paint(engine)
    found = {"import to first picture, s": time.perf_counter() - BEGAN}
    taken = [await paint(engine) for _ in range(TIMES)]
    found["a 512 px picture, s"] = statistics.median(whole for _, whole in taken)
    found["its first preview, s"] = statistics.median(preview for preview, _ in taken)
    found["memory, one, MB"] = memory()
    at_once = Mini.capabilities.concurrency
    assert at_once == 8, "the names of the figures say 8"
    start = time.perf_counter()
    await asyncio.gather(*(paint(engine) for _ in range(at_once)))
    found["8 at once, s"] = time.perf_counter() - start
    await asyncio.gather(*(paint(engine) for _ in range(at_once - 1)), paint(engine, 1024))
    found["memory, 8 at once, MB"] = memory()
    await engine.close()
    return found


async def paint(engine: Mini, side: int = 512) -> tuple[float, float]:
    """Seconds to the first preview and to the picture."""
    request = ImageRequest(
        prompt="a red fox in snow", model="mini", width=side, height=side, count=1, seed=7, format="png"
    )
    task = PaintTask(
        job_id="bench", request=request, ordinals=(0,), attempt=1, request_key="bench", wants_previews=True
    )
    start, preview = time.perf_counter(), 0.0
    async for stroke in engine.paint(task):
        if isinstance(stroke, Progress) and not preview:
            preview = time.perf_counter() - start
    return preview, time.perf_counter() - start


def memory() -> float:
    """At most until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1]))))
