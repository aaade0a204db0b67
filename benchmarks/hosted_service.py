"""A service that takes two seconds a picture, in a process of its own: python hosted_service.py PORT."""

from __future__ import annotations

import sys
import threading

from limner.testing.services import OpenAIService

SECONDS = 2.0

if __name__ == "__main__":
    with OpenAIService(port=int(sys.argv[1]), paint_seconds=SECONDS):
        threading.Event().wait()
