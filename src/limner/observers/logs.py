"""Logs for `limner serve` and `limner work`: lines for people or JSON, never the text of a prompt or a key."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from limner.domain.quiet_trace import frames_of

_SECRETS = re.compile(
    r"(lmn_)[A-Za-z0-9_\-]+|((?:signature|api_key|token)=)[^&\s\"']+|(Bearer )[^\s\"']+", re.IGNORECASE
)
_HIDDEN = frozenset({"prompt", "negative_prompt", "authorization", "key", "secret", "token", "color_message"})
_STANDARD = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})
_CHATTY = ("sqlalchemy", "alembic", "httpx", "httpcore", "asyncio", "PIL")
_ACCESS = "uvicorn.access"


def configure(style: Literal["human", "json"], level: str, *, stream: TextIO | None = None) -> None:
    """One handler on the root logger, in place of what was there."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(level) if style == "json" else HumanLines(level))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(text: str) -> str:
    """Keys, bearer tokens and link signatures go; what they were stays visible."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or found[3]}…", text)


class _SafeFormatter(logging.Formatter):
    """What both styles share: which facts of a record may be shown."""

    def __init__(self, level: str) -> None:
        super().__init__()
        self._shows_messages = level == "debug"

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD | _HIDDEN}
        if record.name == _ACCESS and isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, _, status = record.args
            extra |= {"client": client, "method": method, "path": str(path).partition("?")[0], "status": status}
        return extra

    def message(self, record: logging.LogRecord) -> str:
        return "request" if record.name == _ACCESS else redact(record.getMessage())

    def trace(self, record: logging.LogRecord) -> str:
        """Frames and the error's class. Its words may quote a prompt, so they are shown at debug level only."""
        kind, error, frames = record.exc_info or (None, None, None)
        if kind is None or error is None:
            return ""
        if self._shows_messages:
            return redact("".join(traceback.format_exception(kind, error, frames)))
        return frames_of(error)


class HumanLines(_SafeFormatter):
    """`09:00:00.120 warning limner.worker: lease lost job=0199…`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        facts = "".join(f" {name}={redact(str(value))}" for name, value in self.facts(record).items())
        clock = at.isoformat(timespec="milliseconds")[11:23]
        line = f"{clock} {record.levelname.lower()} {record.name}: {self.message(record)}{facts}"
        trace = self.trace(record)
        return f"{line}\n{trace.rstrip()}" if trace else line


class JsonLines(_SafeFormatter):
    """One JSON object a line: at, level, logger, message, the record's own facts, trace."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
        }
        line |= {name: redact(str(value)) for name, value in self.facts(record).items() if name not in line}
        if trace := self.trace(record):
            line["trace"] = trace
        return json.dumps(line, ensure_ascii=False)
