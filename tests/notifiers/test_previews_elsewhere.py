import asyncio
import contextlib

from limner.domain.event import PreviewTick, ProgressTick
from limner.notifiers.previews_elsewhere import PreviewsElsewhere

PATIENCE = 20.0


def progress(job_id):
    return ProgressTick(job_id=job_id, owner="ann", fraction=0.5, step=1)


async def test_a_preview_that_cannot_be_read_costs_no_other_and_is_logged(caplog):
    async def preview_of(tick):
        if tick.job_id == "damaged":
            raise ValueError("no JSON")
        return PreviewTick(job_id=tick.job_id, owner="ann", ordinal=0, step=1, image=b"x", media_type="image/webp")

    told = asyncio.Queue()
    previews = PreviewsElsewhere(preview_of, told.put_nowait)
    previews.want([progress("damaged"), progress("whole")])
    running = asyncio.create_task(previews.run())
    await asyncio.sleep(0)
    previews.want([progress("another")])
    async with asyncio.timeout(PATIENCE):
        heard = await told.get()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert [preview.job_id for preview in heard] == ["whole", "another"]
    assert [record.fault for record in caplog.records] == ["ValueError"]
