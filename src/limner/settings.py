"""Every knob, with one machine's defaults: `limner.toml` < environment (`LIMNER_…`) < arguments and flags.

Read once by a door and passed on; nothing else reads the environment.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from limner.domain.budget import NO_BUDGETS, Budgets
from limner.domain.errors import SettingsError
from limner.domain.policy import Policy
from limner.domain.route import OnRefusal

PREFIX = "LIMNER_"
SHORTEST_SECRET = 32
DEFAULT_QUEUE = "limner"
DISPATCHERS = ("celery+redis://", "celery+rediss://", "celery+amqp://", "celery+amqps://")
OTHER_VARIABLES = frozenset({"LIMNER_CONFIG", "LIMNER_URL", "LIMNER_KEY", "LIMNER_DEBUG", "LIMNER_FAULTS"})
"""Variables of the command line and of fault tests, which are not settings."""

DEFAULT_FILE = "limner.toml"
FROM_FILE = "(file)"
MAY_BE_ZERO = frozenset({"free_space", "start_margin", "drain_grace", "close_grace", "max_lease_losses", "owner_quota"})
NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class EngineSettings(BaseModel):
    """One `[engines.NAME]` table: which kind, what to do about unknown charges, and the engine's own options."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    queue: str = Field(default=DEFAULT_QUEUE, pattern=NAME)
    on_ambiguous: Literal["fail", "retry"] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What the engine is made with; a `key` that names its place is read from there."""
        options = dict(self.model_extra or {})
        if isinstance(key := options.get("key"), str):
            options["key"] = read_key(key)
        return options

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Options may hold keys of services: their names only."""
        return [("kind", self.kind), ("options", sorted(self.model_extra or {}))]


class ModelSettings(BaseModel):
    """One `[models.NAME]` table: the models that paint it, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: tuple[str, ...] = Field(min_length=1)
    on_refusal: OnRefusal = "fail"


class Settings(BaseSettings):
    """What an installation is made of. URLs and engines stay out of the repr: they may hold passwords."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    home: Path = Field(default=Path("limner-data"), validate_default=True)
    database: str = Field(default="", repr=False)
    secret: str = Field(default="", repr=False)
    dispatcher: str = Field(default="", repr=False)
    storage: str = Field(default="", repr=False)
    redirect: bool = False
    accel_redirect: str = ""
    public_url: str = ""
    engines: dict[str, EngineSettings] = Field(default={"painter": EngineSettings(kind="painter")}, repr=False)
    model: str = ""
    models: dict[str, ModelSettings] = {}
    budgets: Budgets = NO_BUDGETS
    embed: Literal["minimal", "full"] = "minimal"
    limits: Policy = Policy()

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    authentication: bool = True
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = LOOPBACK_HOSTS
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    access_log: bool = False
    log_format: Literal["human", "json"] = "human"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def load(cls, config: str | Path | None = None, **arguments: Any) -> Self:
        """Reads file, environment and `arguments` (None means not given). Raises SettingsError."""
        _refuse_windows()
        given = {name: value for name, value in arguments.items() if value is not None}
        path = find_file(config)
        from_file = read_file(path) if path else {}
        _refuse_unknown(given, from_file, path)
        try:
            return cls(**given | {FROM_FILE: from_file})
        except ValidationError as error:
            raise SettingsError(" ".join(_sentence(one, given, path) for one in error.errors())) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        assert isinstance(init_settings, InitSettingsSource)
        from_file = init_settings.init_kwargs.pop(FROM_FILE, {})
        return init_settings, env_settings, InitSettingsSource(settings_cls, from_file)

    @field_validator("home")
    @classmethod
    def make_absolute(cls, home: Path) -> Path:
        if "?" in str(home):
            raise ValueError("a folder with a ? in its name cannot be written in the URL of its database")
        return home.expanduser().absolute()

    @field_validator("database")
    @classmethod
    def check_database(cls, database: str) -> str:
        if database and not database.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError(
                "rows are kept in SQLite or Postgres: write sqlite:////absolute/path or postgresql://host/name"
            )
        return database

    @field_validator("dispatcher")
    @classmethod
    def check_dispatcher(cls, dispatcher: str) -> str:
        if dispatcher and not dispatcher.startswith(DISPATCHERS):
            raise ValueError(
                "nudges go through Celery: write celery+redis://host:6379/0 or celery+amqp://user:password@host//"
            )
        if dispatcher and not all(_is_broker(broker) for broker in dispatcher.removeprefix("celery+").split(";")):
            raise ValueError(
                "that is no URL of a broker: a port is a number; in a password / is written %2F, @ %40, : %3A and ; %3B; "
                "another broker, which takes over, stands behind a ; and begins with redis:// or amqp://"
            )
        return dispatcher

    @field_validator("accel_redirect")
    @classmethod
    def check_accel_redirect(cls, prefix: str) -> str:
        if prefix and not re.fullmatch(r"/([A-Za-z0-9_-]+/)+", prefix):
            raise ValueError("it is the address of an internal location of nginx's: write /protected/")
        return prefix

    @field_validator("public_url")
    @classmethod
    def check_public_url(cls, url: str) -> str:
        if url and not re.fullmatch(r"https://[^/?#@\s]+(/[^?#\s]*)?", url):
            raise ValueError(
                "it is where the internet finds Limner's routes, and services call there over https only: "
                "write https://images.example.com"
            )
        return url

    @field_validator("secret")
    @classmethod
    def check_secret(cls, secret: str) -> str:
        if secret and len(read_key(secret)) < SHORTEST_SECRET:
            raise ValueError(f"it needs {SHORTEST_SECRET} characters or more")
        return secret

    @field_validator("allowed_hosts", "allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def split_commas(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def check_proxies(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError:
                raise ValueError(f"{proxy!r} is no address or network: write 10.0.0.2 or 10.0.0.0/24") from None
        return proxies

    @field_validator("engines", mode="before")
    @classmethod
    def name_the_kind(cls, tables: Any) -> Any:
        """`[engines.painter]` alone means kind = "painter"."""
        if not isinstance(tables, Mapping):
            return tables
        for name in tables:
            if not re.fullmatch(NAME, name):
                raise ValueError(f"{name!r} cannot name an engine: use a-z, 0-9, - and _")
        return {name: {"kind": name} | table if isinstance(table, dict) else table for name, table in tables.items()}

    @field_validator("models")
    @classmethod
    def check_names(cls, models: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
        for name in models:
            if not re.fullmatch(NAME, name):
                raise ValueError(f"{name!r} cannot name a model: use a-z, 0-9, - and _")
        return models

    @field_validator("budgets")
    @classmethod
    def check_budgets(cls, budgets: Budgets) -> Budgets:
        for limit in budgets.all_limits():
            if limit.amount < 0:
                raise ValueError(f"{limit.amount:g} a {limit.period} is below 0")
        return budgets

    @field_validator("limits")
    @classmethod
    def check_limits(cls, limits: Policy) -> Policy:
        for name, value in dataclasses.asdict(limits).items():
            if value is not None and (value < 0 or (value == 0 and name not in MAY_BE_ZERO)):
                raise ValueError(f"{name} is {value}; it must be above 0")
        if limits.lease < 2 * limits.start_margin:
            raise ValueError(f"lease is {limits.lease:g} s; it must be at least twice start_margin")
        return limits

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'limner.db'}"

    @property
    def database_path(self) -> Path | None:
        """The file, where it is one of this machine's."""
        url = self.database_url
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:") else None

    @property
    def storage_url(self) -> str:
        return self.storage or (self.home / "images").as_uri()

    @property
    def forgets_pictures(self) -> bool:
        """They are in one process's memory."""
        return self.storage.startswith("memory:")

    @property
    def queues(self) -> dict[str, str]:
        """Whose queue each engine is in."""
        return {name: engine.queue for name, engine in self.engines.items()}

    def refuse_unknown_queues(self, queues: Iterable[str]) -> None:
        """Raises SettingsError for a queue that no engine is in."""
        known = sorted({*self.queues.values()})
        for queue in queues:
            if queue not in known:
                raise SettingsError(
                    f"No engine is in queue {queue}; there are {', '.join(known)}. See `queue` of [engines.NAME]."
                )

    def refuse_alone(self) -> None:
        """Raises SettingsError where a broker would nudge workers on machines that cannot see the rows or the pictures."""
        if self.database_path is not None:
            raise SettingsError(
                "Celery's workers may be on any machine, and a SQLite file is on this one: set LIMNER_DATABASE to "
                "postgresql://…, or leave the dispatcher out (`limner work` needs none on one machine)."
            )
        self.refuse_memory("Celery's workers paint for other processes")

    def refuse_own_secret(self) -> None:
        """Raises SettingsError where other machines may answer, too: each would sign links with a secret of its own."""
        brokers = self.dispatcher.split(";")
        alone = is_loopback(self.host) and _is_here(self.database) and all(map(_is_here, brokers))
        if self.database_path is None and not self.secret and not alone:
            raise SettingsError(
                "Other machines may answer for this database, too, and must sign links with the same secret: set LIMNER_SECRET "
                'on all of them to what `python3 -c "import secrets; print(secrets.token_hex(32))"` prints once.'
            )

    def refuse_memory(self, reason: str) -> None:
        """Raises SettingsError where pictures are kept in one process's memory; `reason` says who else needs them."""
        if self.forgets_pictures:
            remedy = "name a bucket, or a folder that all machines share (LIMNER_STORAGE=s3://bucket)"
            if self.database_path is not None:
                remedy = "leave storage out, or name a folder (LIMNER_STORAGE=file:///absolute/path)"
            raise SettingsError(
                f"{reason}, and pictures in {self.storage} are seen by the process that painted them only: {remedy}."
            )


def find_file(config: str | Path | None) -> Path | None:
    """The settings file: the one named, else LIMNER_CONFIG, else limner.toml in the working directory if there."""
    named = config or os.environ.get("LIMNER_CONFIG")
    path = Path(named or DEFAULT_FILE).expanduser()
    if path.is_file():
        return path
    if named:
        raise SettingsError(f"There is no settings file {path}; name another one with --config or LIMNER_CONFIG.")
    return None


def read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from None


def read_key(text: str) -> str:
    """What `env:NAME` or `file:/path` names, or the key itself. A place where nothing is stays as it is written: the engine
    can be made, and says what is missing.
    """
    place, _, name = text.partition(":")
    if place == "env":
        return os.environ.get(name, "").strip() or text
    if place == "file":
        try:
            return Path(name).expanduser().read_text("utf-8").strip() or text
        except (OSError, UnicodeDecodeError):
            return text
    return text


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_here(url: str) -> bool:
    """Whether it leads to this machine only; without a host, or with a folder of sockets, it does. What libpq reads besides a
    URL of Postgres counts: a service may be anywhere.
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    beside = os.environ if parts.scheme.startswith("postgres") else {}
    if "service" in query or "PGSERVICE" in beside:
        return False
    address = parts.netloc.rpartition("@")[2]
    named = [*query.get("hostaddr", ()), *query.get("host", ()), beside.get("PGHOSTADDR", ""), address]
    hosts = _hosts(*named) or _hosts(beside.get("PGHOST", ""))
    return all(host.startswith("/") or is_loopback(host) for host in hosts)


def _hosts(*named: str) -> list[str]:
    """Without their ports; several stand between commas."""
    each = (host for names in named for host in names.split(","))
    return [bare for host in each if (bare := re.sub(r"(?<=[^:]):\d*$", "", host).strip("[]"))]


def _is_broker(url: str) -> bool:
    """A raw / or # in a password would leave its rest behind the address, where nobody takes it for one."""
    try:
        parts = urlsplit(url)
        whole = parts.port is None or parts.hostname is not None
    except ValueError:
        return False
    return f"celery+{url}".startswith(DISPATCHERS) and whole and "@" not in f"{parts.path}{parts.query}{parts.fragment}"


def without_password(url: str) -> str:
    """A URL that may be shown."""
    password = urlsplit(url).password
    shown = url.replace(f":{password}@", ":…@") if password else url
    shown = re.sub(r"(?<=;)(\w+://[^:@/;]*):[^/;]+@", r"\1:…@", shown)  # brokers that take over from the first
    return re.sub(r"(?<=[?&])((?:ssl)?password)=[^&]*", r"\1=…", shown)


def _refuse_windows() -> None:
    if sys.platform == "win32":
        raise SettingsError("Limner runs on Linux and macOS; on Windows, run it inside WSL 2.")


def _refuse_unknown(given: Mapping[str, Any], from_file: Mapping[str, Any], path: Path | None) -> None:
    mistakes = [*_unknown(given, "{}"), *_unknown(from_file, f"{{}} in {path}"), *_unknown_variables()]
    if mistakes:
        raise SettingsError(" ".join(mistakes))


def _unknown(values: Mapping[str, Any], label: str) -> list[str]:
    limits = values.get("limits")
    names = [*values, *(f"limits.{name}" for name in (limits if isinstance(limits, dict) else ()))]
    known = [*Settings.model_fields, *_limit_names("limits.")]
    return [_nearest(name, known, label) for name in names if name not in known]


def _unknown_variables() -> list[str]:
    known = [f"{PREFIX}{name}".upper() for name in (*Settings.model_fields, *_limit_names("limits__"))]
    ours = [name for name in os.environ if name.startswith(PREFIX) and name not in OTHER_VARIABLES]
    tables = tuple(f"{PREFIX}{table}__" for table in ("ENGINES", "MODELS", "BUDGETS"))
    strangers = [name for name in ours if name not in known and not name.startswith(tables)]
    return [_nearest(name, [*known, *OTHER_VARIABLES], "{}") for name in strangers]


def _limit_names(prefix: str) -> list[str]:
    return [f"{prefix}{field.name}" for field in dataclasses.fields(Policy)]


def _nearest(name: str, known: Iterable[str], label: str) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    inside = [one for one in names if one.endswith(f".{name}")]
    hint = f"did you mean {(inside or near)[0]}?" if inside or near else "`limner doctor` lists the settings."
    return f"There is no setting {label.format(name)}; {hint}"


def _sentence(error: ErrorDetails, given: Mapping[str, Any], path: Path | None) -> str:
    """One wrong value in plain words, named the way it was given."""
    reason = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    names = [str(part) for part in error["loc"]]
    if names == ["limits"] and error["type"] == "value_error":
        names.append(reason.partition(" ")[0])  # check_limits sees the whole table, and names the limit first
    name = _as_given(names, given, path)
    return f"{name}: it {reason}." if reason.startswith("should") else f"{name}: {reason}."


def _as_given(names: Sequence[str], given: Mapping[str, Any], path: Path | None) -> str:
    variable = PREFIX + "__".join(names).upper()
    if names[0] in given:
        return ".".join(names)
    if variable in os.environ or PREFIX + names[0].upper() in os.environ:
        return variable
    return f"{'.'.join(names)} in {path}"
