"""Whether a folder lies on another machine. SQLite's log needs memory that its processes share, and locks that hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from limner.domain.errors import DatabaseError

MOUNTS = Path("/proc/self/mountinfo")
_LINE = re.compile(r"(?:[^ ]+ ){4}([^ ]+) .* - ([^ ]+) ")
ROOT = Path("/")
NETWORKS = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "beegfs", "gpfs", "glusterfs"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse"),
        *("fuse.juicefs", "fuse.blobfuse2", "fuse.mountpoint-s3", "fuse.goofys", "vboxsf"),
    }
)


def refuse_network(path: Path) -> None:
    """Raises DatabaseError where this file's folder is a network's. Only Linux tells."""
    kind = _file_system_of(path.resolve().parent)
    if kind in NETWORKS:
        raise DatabaseError(
            f"{path} lies on a network file system ({kind}), where SQLite may lose rows. Keep it on a disk of this machine "
            "(LIMNER_HOME, or LIMNER_DATABASE=sqlite:////absolute/path), or use Postgres (LIMNER_DATABASE=postgresql://…)."
        )


def _file_system_of(folder: Path) -> str:
    """The one that is mounted nearest above it; the last of those that hide each other. What sandboxes show (9p, and anything
    at the root) says nothing.
    """
    found, nearest = "", ROOT  # the root may be anything: in a sandbox it often looks like a network's
    for place, kind in _mounts():
        if folder.is_relative_to(place) and place != ROOT and place.is_relative_to(nearest):
            found, nearest = kind, place
    return found


def _mounts() -> Iterator[tuple[Path, str]]:
    """Places and kinds, from lines such as `36 35 98:0 / /mnt/disk rw,noatime master:1 - ext4 /dev/sda1 rw`."""
    try:
        lines = MOUNTS.read_text("utf-8", "surrogateescape").split("\n")
    except OSError:
        return
    for line in lines:
        if found := _LINE.match(line):
            yield Path(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), found[1])), found[2]
