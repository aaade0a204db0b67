"""JPEG (ITU T.81) as segments: what a file says beside its pixels is replaced without touching the pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from limner.codecs.xmp import packet

SIGNATURE = b"\xff\xd8\xff"

_START, _END, _SCAN, _JFIF, _COMMENT, _FILL = 0xD8, 0xD9, 0xDA, 0xE0, 0xFE, 0xFF
_APPLICATIONS = range(0xE0, 0xF0)
_ALONE = frozenset({0x01, *range(0xD0, 0xD8), _FILL})
_KEPT_APPLICATIONS = ((_JFIF, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe"))
_AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_XMP = b"http://ns.adobe.com/xap/1.0/\0"


def relabel(data: bytes, labels: Mapping[str, str]) -> bytes:
    """The same pixels and colours with `labels` as the only text, ended where the picture ends. Raises ValueError for
    a broken file.
    """
    kept = list(_kept_segments(data))
    place = int(kept[0][1] == _JFIF)
    content = _XMP + packet(labels) if labels else b""
    label = b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content if labels else b""
    return b"".join([b"\xff\xd8", *kept[:place], label, *kept[place:], b"\xff\xd9"])


def _kept_segments(data: bytes) -> Iterator[memoryview]:
    view, position = memoryview(data), 2
    while (marker := _marker_at(data, position)) != _END:
        end = position + (1 if marker == _FILL else 2)
        if marker not in _ALONE:
            end += int.from_bytes(view[position + 2 : position + 4], "big")
        if marker == _SCAN:
            end = _end_of_scan(data, end)
        if _is_kept(marker, data[position + 4 : position + 16]):
            yield view[position:end]
        position = end


def _marker_at(data: bytes, position: int) -> int:
    if data[position : position + 1] != b"\xff" or position + 2 > len(data):
        raise ValueError("It is cut short.")
    return data[position + 1]


def _end_of_scan(data: bytes, start: int) -> int:
    found = _AFTER_SCAN.search(data, start)
    if found is None:
        raise ValueError("It is cut short.")
    return found.start()


def _is_kept(marker: int, content: bytes) -> bool:
    if marker in _APPLICATIONS:
        return any(marker == kept and content.startswith(name) for kept, name in _KEPT_APPLICATIONS)
    return marker not in {_COMMENT, _START, _FILL}
