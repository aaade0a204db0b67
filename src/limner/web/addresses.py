"""Addresses of jobs, pictures and uploads, as the caller's client reaches them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from limner.actions.links import Links
from limner.domain.identity import Principal


@dataclass(frozen=True, slots=True)
class Addresses:
    """`base` is the path under which the router is mounted. Signed ones are for `principal`, as of `now`."""

    base: str
    principal: Principal
    links: Links
    now: datetime

    def job(self, job_id: str) -> str:
        return f"{self.base}/jobs/{job_id}"

    def events(self, job_id: str) -> str:
        proof = self.links.sign(self.principal, "job", job_id, now=self.now)
        return f"{self.base}/jobs/{job_id}/events?signature={proof}"

    def cancel(self, job_id: str) -> str:
        return f"{self.base}/jobs/{job_id}/cancel"

    def input(self, input_id: str) -> str:
        return f"{self.base}/inputs/{input_id}"

    def input_content(self, input_id: str) -> str:
        return f"{self.base}/inputs/{input_id}/content"

    def content(self, image_id: str) -> str:
        return f"{self.base}/images/{image_id}/content"

    def signed_content(self, image_id: str) -> str:
        proof = self.links.sign(self.principal, "image", image_id, now=self.now)
        return f"{self.base}/images/{image_id}/content?signature={proof}"
