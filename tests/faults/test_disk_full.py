import contextlib
import shutil
import subprocess

import httpx
import pytest

from tests.faults.installation import Installation, installation
from tests.faults.oracle import check_everything
from tests.processes import kill_group

pytestmark = pytest.mark.faults

SETTINGS = """
model = "instant"

[engines.instant]
kind = "instant"
size = {size}

[limits]
free_space = 0
queued_per_owner = 100000
sweep = 0.5
"""


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(place: Installation, ballast: bytes) -> list[str]:
    """Jobs acknowledged while the disk runs full."""
    acknowledged = []
    with place.client() as client:
        for number in range(150):
            if number == 30:
                with contextlib.suppress(OSError):
                    (place.home / "ballast").write_bytes(ballast)
            with contextlib.suppress(httpx.TransportError):
                answer = client.post(
                    "/images", json={"prompt": f"picture {number}", "metadata": {"padding": "x" * 8000}}
                )
                assert answer.status_code in {202, 503}, answer.text
                if answer.status_code == 202:
                    acknowledged.append(answer.json()["id"])
    return acknowledged


def test_a_full_disk_is_a_pause_and_no_row_names_a_picture_that_cannot_be_read(small_disk):
    with installation(small_disk, SETTINGS.format(size=1024)) as place:
        place.start("serve")
        place.wait_ready()
        acknowledged = fill(place, b"x" * 8_000_000)
        assert 0 < len(acknowledged) < 150, "the disk never ran full"
        subprocess.run(["mount", "-o", "remount,size=256m", str(small_disk)], check=True)
        check_everything(place, acknowledged, seconds=90)


REFUSALS = {"pwrite64": "60+97", "fdatasync": "9+17", "fsync": "2+7", "rename": "2+6"}
"""Which of a thread's calls fail: the first, and then each so-many-th. SQLite writes and syncs by the first two, pictures
are synced and put in place by the others.
"""


@pytest.fixture
def refusing():
    """A program that runs another one and lets the kernel say now and then that the disk is full."""
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "-qq", "-e", "trace=none", "true"], check=False).returncode:
        pytest.skip("needs strace, and leave to trace")
    refusals = [f"inject={call}:error=ENOSPC:when={when}" for call, when in REFUSALS.items()]
    options = ("-e", f"trace={','.join(REFUSALS)}", *(word for refusal in refusals for word in ("-e", refusal)))
    return (strace, "-f", "--seccomp-bpf", "-qq", *options, "-o")


def test_a_disk_that_is_full_at_any_write_or_sync_loses_and_breaks_nothing(tmp_path, refusing):
    trace = tmp_path / "trace"
    with installation(tmp_path / "place", SETTINGS.format(size=64)) as place:
        server = place.start("serve", under=(*refusing, str(trace)))
        try:
            place.wait_ready()
            acknowledged = submit_until_refused(place)
            check_everything(place, acknowledged, seconds=90)
        finally:
            kill_group(server)
        refused = [line for line in trace.read_text().splitlines() if line.endswith("(INJECTED)")]
        assert all(any(f" {call}(" in line for line in refused) for call in REFUSALS), "a call was never refused"
        place.start("serve")
        place.wait_ready()
        check_everything(place, acknowledged)


def submit_until_refused(place: Installation) -> list[str]:
    """The ids of those that were acknowledged, twenty and more, with a refusal or two among them."""
    acknowledged: list[str] = []
    refused = False
    with place.client() as client:
        while not refused or len(acknowledged) < 20:
            answer = client.post("/images", json={"prompt": f"picture {len(acknowledged)}"})
            assert answer.status_code in {202, 503}, answer.text
            assert len(acknowledged) < 500, "nothing was ever refused"
            if answer.status_code == 202:
                acknowledged.append(answer.json()["id"])
            refused = refused or answer.status_code == 503
    return acknowledged
