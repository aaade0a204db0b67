"""Kills at random while jobs come in: what was acknowledged must end, once, whole and paid for once.

`python -m tests.faults.campaign --kills 500 --seed 7` prints the seed first, so that a failure can be played again.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from limner.testing.services import DeepAIService, ReplicateService
from limner.testing.services.service import HostedService
from tests.faults.grounds import Ground, a_ground, add_ground
from tests.faults.installation import Installation, children_of, kill, painters_of, until
from tests.faults.oracle import check_everything, check_shares

LONGEST_WAIT = 15.0
"""Seconds: half a lease. What is let go within them did not have to wait for it."""

POINT_WITHIN = 12.0
"""Seconds within which a worker mostly starts and comes to the point at which it is to die."""

FAMILY_WITHIN = 40.0
"""Seconds within which Celery's processes have started and paint."""

FLEETS_PAUSE = 0.1
"""Seconds between what is asked for: Celery's workers take seconds to start again, in which a backlog grows."""

SHARE = 6
"""Jobs of the one owner that may run at once: fewer than the engines of two processes have room for."""

MODELS = ("instant", "isolated", "paid", "hosted", "routed")
AT_SERVICES = ("deepai", "replicate/someone/flux")

POINTS = (
    "after_claim",
    "before_open_call",
    "after_open_call",
    "before_hold_handle",
    "after_submitted",
    "after_write_before_keep",
    "after_keep",
    "before_finish",
    "after_finish",
    "before_requeue",
    "during_drain",
)

MISDEEDS = (
    {"deed": "not_sent", "attempts": 1},
    {"deed": "bad_image", "at": "painted", "attempts": 1},
    {"deed": "short_delivery"},
    {"deed": "refuse"},
)
MISDEEDS_ON_A_ROUTE = (
    {"deed": "out_of_money", "attempts": 1},
    {"deed": "unauthorised", "at": "start", "attempts": 1},
    {"deed": "rate_limit", "seconds": 1, "attempts": 1},
    {"deed": "bad_image", "at": "painted", "attempts": 1},
)
"""What sends a job on to its next engine, and what must not."""


SERVICES_MISDEEDS = (
    ("fault", "call"),
    ("loading", "call"),
    ("bad_gateway", "call"),
    ("reset_after", "call"),
    ("html", "call"),
    ("fault", "status"),
    ("short", "picture"),
    ("truncated", "picture"),
)


def settings(home: Path) -> str:
    """Four engines: one in this process, one in a child, one that charges at once, one that hands out a handle; and a
    model that the last two paint.
    """
    return f"""
model = "instant"

[engines.instant]
kind = "instant"

[engines.isolated]
kind = "ledger"
isolated = true
ledger = "{home}/isolated.jsonl"
paint_seconds = 0.1
concurrency = 4
on_ambiguous = "retry"

[engines.paid]
kind = "ledger"
ledger = "{home}/paid.jsonl"
accept_seconds = 0.02
paint_seconds = 0.1

[engines.hosted]
kind = "ledger"
ledger = "{home}/hosted.jsonl"
mode = "asynchronous"
paint_seconds = 0.3

[models.routed]
route = ["paid", "hosted"]

[limits]
breaker_pause = 0.5
route_patience = 0.3
queued_per_owner = 100000
running_per_owner = {SHARE}
sweep = 0.5
"""


def at_services(deepai: HostedService, replicate: HostedService) -> str:
    """Two more, at services on sockets: one is charged at once, one hands out a handle."""
    return f"""
[engines.deepai]
key = "{deepai.key}"
base_url = "{deepai.url}"

[engines.replicate]
key = "{replicate.key}"
base_url = "{replicate.url}"
models = ["someone/flux"]
"""


@dataclass
class Submitter(threading.Thread):
    """A client that never stops asking; `acknowledged` holds every id that was answered 202, `refused` what else came."""

    place: Installation
    seed: int
    services: tuple[HostedService, ...] = ()
    misbehaving: float = 0.2
    pause: float = 0.03
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    @property
    def _models(self) -> tuple[str, ...]:
        return (*MODELS, *AT_SERVICES) if self.services else MODELS

    def run(self) -> None:
        chance = random.Random(self.seed)
        with self.place.client() as client:
            while not self.stopped.is_set():
                self._submit(client, chance)
                time.sleep(self.pause)

    def _submit(self, client: httpx.Client, chance: random.Random) -> None:
        prompt = f"picture {len(self.acknowledged)} of {chance.random()}"
        body = {"prompt": prompt, "model": chance.choice(self._models), "count": chance.choice((1, 1, 2))}
        if self.services and chance.random() < self.misbehaving / 2:
            deed, at = chance.choice(SERVICES_MISDEEDS)
            service = chance.choice(self.services)
            if not service.misdeeds_left:  # or they pile up behind an open breaker, whose pauses grow with each
                service.misbehave(deed, at=at)
        if body["model"] in MODELS[1:] and chance.random() < self.misbehaving:
            misdeeds = MISDEEDS_ON_A_ROUTE if body["model"] == "routed" else MISDEEDS
            body["options"] = {"misbehave": chance.choice(misdeeds)}
        try:
            answer = client.post("/images", json=body)
        except httpx.TransportError as fault:
            self.refused.append(repr(fault))
            return
        if answer.status_code != httpx.codes.ACCEPTED:
            self.refused.append(answer.text)
            return
        self.acknowledged.append(answer.json()["id"])
        if chance.random() < 0.05:
            with contextlib.suppress(httpx.TransportError):
                client.post(answer.json()["urls"]["cancel"])

    def leave(self) -> None:
        self.stopped.set()
        self.join()


@dataclass
class Campaign:
    """Two processes of one installation, one of which dies again and again; `with_pools`: its workers are Celery's."""

    place: Installation
    chance: random.Random
    with_pools: bool = False
    kills: dict[str, int] = field(default_factory=dict)
    let_go: list[float] = field(default_factory=list)
    peak: int = 0

    def start(self) -> None:
        self.server = self.place.start("serve")
        self.place.wait_ready()
        self.worker = self.place.start("work")

    @property
    def killed(self) -> int:
        return sum(self.kills.values())

    @property
    def struck_points(self) -> set[str]:
        return set(self.kills) & set(POINTS)

    def strike(self) -> None:
        """Some kills: of the server, of the worker, of an engine's child, of a worker at a named point, of a family."""
        strikes = [self._kill_server, self._kill_worker, self._kill_child, self._kill_at_a_point]
        strikes += [self._kill_family] if self.with_pools else []
        for strike in self.chance.sample(strikes, k=len(strikes)):
            time.sleep(self.chance.uniform(0.05, 0.6))
            strike()

    def _count(self, victim: str) -> None:
        self.kills[victim] = self.kills.get(victim, 0) + 1

    def _kill_server(self) -> None:
        self.server = self._replace(self.server, "serve")
        self.place.wait_ready()
        self._count("server")

    def _kill_worker(self) -> None:
        self.worker = self._replace(self.worker, "work")
        self._count("worker")

    def _kill_family(self) -> None:
        """Celery's other pool: a child that paints, then the parent, which its children must not outlive for long."""
        kill(self.worker)
        parent = self.place.start("work", "--pool", "prefork", "--concurrency", "2")
        child = until(lambda: next(filter(self._paints, painters_of(parent)), None), FAMILY_WITHIN)
        child.kill()
        self._count("prefork child")
        self._note_let_go(child.pid)
        children = until(lambda: len(found := painters_of(parent)) > 1 and found, FAMILY_WITHIN)
        until(lambda: any(map(self._paints, children)), FAMILY_WITHIN)
        kill(parent)
        self._count("prefork parent")
        _, alive = psutil.wait_procs(children, LONGEST_WAIT)
        assert not alive, "they outlive their parent"
        for one in children:
            self._note_let_go(one.pid)
        self.worker = self.place.start("work")

    def _paints(self, process: psutil.Process) -> bool:
        return bool(self._held(process.pid))

    def _replace(self, process: subprocess.Popen[bytes], command: str) -> subprocess.Popen[bytes]:
        kill(process)
        self._note_let_go(process.pid)
        return self.place.start(command)

    def _kill_child(self) -> None:
        """Nobody, while no engine has a child."""
        if children := children_of(self.server) + children_of(self.worker):
            self.chance.choice(children).kill()
            self._count("child")

    def _kill_at_a_point(self) -> None:
        """A worker that kills itself where it is told to, once it comes there; nobody, when it never does."""
        kill(self.worker)
        point = self.chance.choice(POINTS)
        doomed = self.place.start("work", faults=f"{point}:{self.chance.randint(1, 2)}=SIGKILL")
        struck = _dies_by_itself(doomed, 2.0 if point == "during_drain" else POINT_WITHIN)
        if not struck and point == "during_drain":
            doomed.terminate()
            struck = _dies_by_itself(doomed, POINT_WITHIN)
        kill(doomed)
        self.worker = self.place.start("work")
        if struck:
            self._count(point)

    def _note_let_go(self, pid: int) -> None:
        """How long until what a dead process held is free to be claimed, or was ended."""
        died = time.monotonic()
        held = self._held(pid)
        while held and time.monotonic() - died < LONGEST_WAIT:
            held = {job: epoch for job, epoch in held.items() if self._still_lies(job, epoch)}
            if not held:
                self.let_go.append(time.monotonic() - died)
            time.sleep(0.05)
        if held:
            self.let_go.append(float("inf"))

    def _held(self, pid: int) -> dict[str, int]:
        """The jobs whose lease a process has, and its epochs."""
        found = self.place.rows(
            "SELECT id, lease_epoch FROM limner_jobs WHERE state = 'running' AND lease_owner LIKE ?", f"%:{pid}:%"
        )
        return {row["id"]: row["lease_epoch"] for row in found}

    def _still_lies(self, job: str, epoch: int) -> bool:
        row = self.place.rows("SELECT lease_epoch, state FROM limner_jobs WHERE id = ?", job)[0]
        return row["lease_epoch"] == epoch and row["state"] == "running"


def _dies_by_itself(process: subprocess.Popen[bytes], seconds: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds) == -signal.SIGKILL
    return False


def run(home: Path, ground: Ground, *, kills: int, seed: int) -> Campaign:
    """Strike `kills` times, then wait for quiet and check everything. Raises AssertionError."""
    with (
        DeepAIService(paint_seconds=0.1) as deepai,
        ReplicateService(paint_seconds=0.3) as replicate,
        ground.installation(home, settings(home) + at_services(deepai, replicate)) as place,
    ):
        campaign = Campaign(place, random.Random(seed), with_pools=ground.is_fleet)
        campaign.start()
        pause = FLEETS_PAUSE if ground.is_fleet else Submitter.pause
        submitter = Submitter(place, seed, services=(deepai, replicate), pause=pause)
        submitter.start()
        for _ in range(3 * kills):
            if campaign.killed >= kills and campaign.struck_points and campaign.let_go:
                break
            campaign.strike()
        submitter.leave()
        jobs = check_everything(
            place,
            submitter.acknowledged,
            share=SHARE,
            ledgers=sorted(home.glob("*.jsonl")),
            services=(deepai, replicate),
        )
        campaign.peak = check_shares(place, SHARE)
        summarise(campaign, jobs, seed)
    return campaign


def summarise(campaign: Campaign, jobs: dict[str, dict[str, object]], seed: int) -> None:
    states: dict[str, int] = {}
    for job in jobs.values():
        states[str(job["state"])] = states.get(str(job["state"]), 0) + 1
    late = f"{max(campaign.let_go):.2f} s" if campaign.let_go else "none was held"
    median = f"{statistics.median(campaign.let_go):.2f} s" if campaign.let_go else "-"
    print(
        f"seed {seed}: kills {campaign.kills}, {len(jobs)} jobs {states}, 0 lost, 0 stuck, {campaign.peak} of {SHARE} at once; let go after {median}, at most {late}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    add_ground(parser)
    given = parser.parse_args()
    rounds = range(0, given.kills, 25)
    for number, done in enumerate(rounds):
        seed = given.seed + number
        print(f"round {number + 1} of {len(rounds)}, seed {seed}", flush=True)
        with tempfile.TemporaryDirectory(prefix="limner-faults-") as folder, a_ground(given.on) as ground:
            run(Path(folder), ground, kills=min(25, given.kills - done), seed=seed)


if __name__ == "__main__":
    main()
