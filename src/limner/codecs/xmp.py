"""XMP (ISO 16684-1): the text that JPEG and WebP files carry."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

MAX_TEXT = 10_000
"""Characters of one label: a JPEG segment takes 64 kB, escaped and in UTF-8."""

_NAMES = {"Software": "xmp:CreatorTool"}


def packet(labels: Mapping[str, str]) -> bytes:
    """One RDF description; labels are named `limner:…` or stand in `_NAMES`."""
    facts = " ".join(f"{_NAMES.get(name, name)}={quoteattr(text[:MAX_TEXT])}" for name, text in labels.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:limner="urn:limner:" '
        f'{facts}/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode(errors="replace")
