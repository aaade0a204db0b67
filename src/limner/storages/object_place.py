"""Where an object store is, read from its URL, and the way in.

`s3://bucket/prefix?endpoint=https://…&region=…`: the query says what is no secret. Credentials come by each cloud's own
variables, files and machine roles, which obstore knows; what we add is S3's shared credentials file.
"""

from __future__ import annotations

import configparser
import os
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from limner.domain.errors import SettingsError
from limner.domain.wording import listed, meant
from limner.storages.key import is_key

CONNECT_TIMEOUT = timedelta(seconds=5)
TIMEOUT = timedelta(seconds=30)
"""For one request: a picture's read, or a part of its write."""
RETRIES = 2
"""Workers try again by themselves, and for hours; what is behind a request should hear soon."""
RETRY_FOR = timedelta(seconds=10)
FIRST = frozenset({"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"})
"""Variables that S3's clients heed before the shared credentials file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One kind of object store: obstore's class, what a URL may say, and where credentials come from."""

    store: Any
    options: tuple[str, ...]
    credentials: str


CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        "s3": Cloud(
            store=S3Store,
            options=(
                "endpoint",
                "region",
                "server_side_encryption",
                "sse_kms_key_id",
                "virtual_hosted_style_request",
            ),
            credentials="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_SHARED_CREDENTIALS_FILE, or the machine's role",
        ),
        "gs": Cloud(
            store=GCSStore,
            options=("base_url",),
            credentials="GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_SERVICE_ACCOUNT, or the machine's role",
        ),
        "az": Cloud(
            store=AzureStore,
            options=("account_name", "endpoint"),
            credentials="AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or the machine's identity",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlace:
    """A bucket, a prefix in it, and options; no secrets."""

    scheme: str
    bucket: str
    prefix: str
    options: Mapping[str, str]

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Raises SettingsError."""
        parts = urllib.parse.urlsplit(url)
        prefix = parts.path.strip("/")
        shape = f"{parts.scheme}://bucket/prefix"
        if "@" in parts.netloc or parts.fragment:
            credentials = CLOUDS[parts.scheme].credentials
            raise SettingsError(f"Write the storage as {shape}; keys do not belong into it, but into {credentials}.")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", parts.netloc) or (prefix and not is_key(prefix)):
            raise SettingsError(
                f"{url.partition('?')[0]!r} names no bucket: write {shape}, in a-z, 0-9, -, _ and dots."
            )
        options = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        _check_options(parts.scheme, options)
        return cls(scheme=parts.scheme, bucket=parts.netloc, prefix=prefix, options=options)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def remedy(self) -> str:
        return f"See bucket and region, and the credentials: {CLOUDS[self.scheme].credentials}."

    def connect(self) -> Any:
        """The store, of which nothing is asked yet. Raises SettingsError."""
        given = shared_credentials() if self.scheme == "s3" else {}
        try:
            return CLOUDS[self.scheme].store(
                self.bucket,
                prefix=self.prefix or None,
                config={**given, **self.options, **self._fixed},
                client_options=self._client_options,
                retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_FOR},
            )
        except (BaseError, ValueError) as error:
            # Its words may quote what was configured.
            raise SettingsError(f"{self} cannot be used ({type(error).__name__}). {self.remedy}") from None

    @property
    def _fixed(self) -> dict[str, str]:
        """Keys are deleted one at a time, in the way that every service that speaks S3 knows."""
        return {"disable_bulk_delete": "true"} if self.scheme == "s3" else {}

    @property
    def _client_options(self) -> dict[str, Any]:
        times = {"connect_timeout": CONNECT_TIMEOUT, "timeout": TIMEOUT}
        plain = any(value.startswith("http://") for value in self.options.values())
        return {**times, "allow_http": True} if plain else times


def _check_options(scheme: str, options: Mapping[str, str]) -> None:
    cloud = CLOUDS[scheme]
    for option in options:
        if option not in cloud.options:
            near = meant(option, cloud.options)
            raise SettingsError(
                f"A {scheme}:// storage has no option {option}.{near} It takes {listed(cloud.options)}; "
                f"credentials come from {cloud.credentials}."
            )


def shared_credentials() -> dict[str, str]:
    """Keys from the file that S3's other clients read, where the environment names none. Raises SettingsError."""
    if not FIRST.isdisjoint(os.environ):
        return {}
    named = os.environ.get("AWS_SHARED_CREDENTIALS_FILE")
    path = Path(named or "~/.aws/credentials").expanduser()
    profile = os.environ.get("AWS_PROFILE", "default")
    file = configparser.ConfigParser(interpolation=None)
    try:
        read = file.read(path, "utf-8")
    except (configparser.Error, UnicodeDecodeError):
        raise SettingsError(f"{path} is not a credentials file.") from None
    if named and not (read and file.has_section(profile)):
        raise SettingsError(f"There are no credentials [{profile}] in {path}; AWS_SHARED_CREDENTIALS_FILE names it.")
    section = dict(file[profile]) if file.has_section(profile) else {}
    keys = {name: section.get(f"aws_{name}", "") for name in ("access_key_id", "secret_access_key", "session_token")}
    return {name: value for name, value in keys.items() if value}
