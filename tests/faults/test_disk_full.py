import contextlib
import subprocess

import httpx
import pytest

from tests.faults.installation import Installation, installation
from tests.faults.oracle import check_everything

pytestmark = pytest.mark.faults

SETTINGS = """
model = "instant"

[engines.instant]
kind = "instant"
size = 1024

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
    with installation(small_disk, SETTINGS) as place:
        place.start("serve")
        place.wait_ready()
        acknowledged = fill(place, b"x" * 8_000_000)
        assert 0 < len(acknowledged) < 150, "the disk never ran full"
        subprocess.run(["mount", "-o", "remount,size=256m", str(small_disk)], check=True)
        check_everything(place, acknowledged, seconds=90)
