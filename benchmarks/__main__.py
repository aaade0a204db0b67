"""Every figure, or those whose names are given: python benchmarks [accept backlog responsive …]."""

from __future__ import annotations

import importlib
import sys
import time

from report import HEAD, show

ALL = (
    "accept", "responsive", "throughput", "latency", "watchers", "serving", "front", "crash", "backlog", "painter", "mini", "page", "hosted", "fleet",
)  # fmt: skip


def main() -> None:
    chosen = sys.argv[1:] or ALL
    unknown = set(chosen) - set(ALL)
    if unknown:
        raise SystemExit(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(ALL)}.")
    print(HEAD)
    for name in chosen:
        start = time.monotonic()
        show(importlib.import_module(name).rows())
        print(f"  ({name}: {time.monotonic() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
