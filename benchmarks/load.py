"""wrk, and what it prints."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from processes import need

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Load:
    """Requests a second, latencies in ms, and how many answers were not 2xx or 3xx."""

    rate: float
    p50: float
    p99: float
    failures: int


def lua(method: str, headers: Mapping[str, str], body: Any) -> str:
    lines = [f'wrk.method = "{method}"']
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    if body is not None:
        lines += ['wrk.headers["content-type"] = "application/json"', f"wrk.body = [==[{json.dumps(body)}]==]"]
    return "\n".join(lines)


def press(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: Any = None, seconds: int = 5
) -> Load:
    """One thread, 32 connections, a closed loop."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua(method, headers or {}, body))
        script.flush()
        command = [need("wrk", "wrk"), "-t1", "-c32", f"-d{seconds}s", "--latency", "-s", script.name, url]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return read(printed)


def read(printed: str) -> Load:
    def latency(percent: str) -> float:
        number, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s|m)", printed).groups()  # type: ignore[union-attr]
        return float(number) * UNITS[unit]

    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", printed).group(1))  # type: ignore[union-attr]
    answers = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", printed)
    failures = int(answers.group(1)) if answers else 0
    failures += sum(map(int, sockets.groups())) if sockets else 0
    return Load(rate, latency("50"), latency("99"), failures)
