"""Workers on one machine that cannot see each other's processes, as in containers: each is pid 1 in a world of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

from limner.actions.worker_name import WorkerName
from tests.faults.installation import installation, kill, until
from tests.faults.oracle import check_everything

pytestmark = pytest.mark.faults

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
IN_A_NAMESPACE = UNSHARE if os.geteuid() == 0 else [*UNSHARE, "--user", "--map-root-user"]
JOBS = 12
SHARE = 5
"""Jobs of the one owner that may run at once: fewer than the three processes have room for."""

SETTINGS = """
model = "slow"

[engines.slow]
kind = "ledger"
ledger = "{home}/slow.jsonl"
paint_seconds = 3.0
concurrency = 2
on_ambiguous = "retry"

[limits]
lease = 5.0
start_margin = 1.0
sweep = 0.2
running_per_owner = {share}
"""


@pytest.fixture(autouse=True)
def namespaces():
    if shutil.which("unshare") is None or subprocess.run([*IN_A_NAMESPACE, "true"], check=False).returncode:
        pytest.skip("PID namespaces cannot be made here")


def test_a_living_worker_keeps_its_jobs_and_a_killed_ones_are_painted_again(tmp_path):
    with installation(tmp_path, SETTINGS.format(home=tmp_path, share=SHARE)) as place:
        place.start("serve")
        doomed, _ = (place.start("work", under=IN_A_NAMESPACE) for _ in range(2))
        place.wait_ready()
        until(lambda: place.log.read_text().count("Painting for") == 2)
        jobs = [ask(place) for _ in range(JOBS)]
        holders = until(lambda: len(held(place)) == 3 and held(place))
        first, second = (name for name in holders if name.namespace != WorkerName.own().namespace)
        assert (first.pid, first.machine) == (second.pid, second.machine), "they can be told apart without trying"
        its_namespace = end(doomed)
        (lost,) = [ids for name, ids in held(place).items() if name.namespace == its_namespace]
        ended = check_everything(place, jobs, share=SHARE, ledgers=[tmp_path / "slow.jsonl"])
        losses = {row["id"]: row["lease_losses"] for row in place.rows("SELECT id, lease_losses FROM limner_jobs")}
    assert {job["state"] for job in ended.values()} == {"succeeded"}
    assert {job for job, count in losses.items() if count} == lost


def ask(place):
    with place.client() as client:
        return client.post("/images", json={"prompt": "a fox"}).raise_for_status().json()["id"]


def held(place):
    """The jobs that are being painted, by whom."""
    holders = {}
    for row in place.rows("SELECT id, lease_owner FROM limner_jobs WHERE state = 'running'"):
        holders.setdefault(WorkerName.parse(row["lease_owner"]), set()).add(row["id"])
    return holders


def end(process):
    """Kills a worker; the namespace that it was in."""
    (worker,) = psutil.Process(process.pid).children()
    namespace = str(Path(f"/proc/{worker.pid}/ns/pid").stat().st_ino)
    kill(process)
    psutil.wait_procs([worker])
    return namespace
