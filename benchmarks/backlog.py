"""Claim, list and accept with 1,000,000 queued jobs of 10,000 owners, against none: see repository.py for how they get there."""

from __future__ import annotations

from report import Row
from repository import compare


def rows() -> list[Row]:
    ratios = compare(jobs=1_000_000, owners=10_000)
    return [
        Row(
            "claim with 1,000,000 queued / none, ms",
            ratios["claim"].full,
            ratios["claim"].empty,
            ratios["claim"].ratio,
            floor=1.2,
            aim=1.1,
            smaller=True,
        ),
        Row(
            "list with 1,000,000 queued / none, ms",
            ratios["list"].full,
            ratios["list"].empty,
            ratios["list"].ratio,
            floor=1.2,
            aim=1.1,
            smaller=True,
        ),
        Row(
            "accept with 1,000,000 queued / none, ms",
            ratios["submit"].full,
            ratios["submit"].empty,
            ratios["submit"].ratio,
            floor=1.6,
            aim=1.2,
            smaller=True,
        ),
    ]
