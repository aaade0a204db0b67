"""Fetches the packages and makes of them what is learned from.

    python -m training.data            # everything
    python -m training.data --fetch    # only what needs the network: run it where there is one
    python -m training.data --toy      # a small part, in half a minute

Nothing that is there already is fetched or made again.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

from training import sources
from training.scale import FINE, Scale, arguments, folder
from training.sources import Source
from training.words import write_words

CATEGORIES = ("Activities", "Animals & Nature", "Food & Drink", "Objects", "Travel & Places")
"""Things; people, smileys, flags and signs are left out."""


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--fetch", action="store_true", help="only fetch the packages and make the table of words")
    chosen = parser.parse_args()
    packages, words = chosen.work / "packages", chosen.work / "words"
    needed = [one for one in sources.SOURCES if one.use != "words" or not (words / "words.npz").exists()]
    files = {source: sources.fetch(source, packages) for source in needed}
    sources.write_manifest(chosen.work / "sources.json")
    for source, file in files.items():
        if source.use == "words":
            write_words(file, words)
    if not chosen.fetch:
        make_banks(chosen.scale, folder(chosen.work, chosen.scale, "banks"), files)


def make_banks(scale: Scale, banks: Path, files: dict[Source, Path]) -> None:
    """A bank a source: its pictures of the concepts, in the concepts' order."""
    if (banks / "concepts.json").exists():
        return
    (noto,) = [files[source] for source in files if source.name.endswith("/noto")]
    points = read_json(noto, "chars.json")
    art = completed({one: read_art(files[one], points) for one in files if one.use in {"painter", "judge"}})
    concepts = common_concepts(art, files, scale.concepts)
    side = scale.side * FINE
    with Pool(os.cpu_count()) as pool:
        for source, pictures in art.items():
            drawn = pool.starmap(rasterised, [(pictures[concept["point"]], side) for concept in concepts], chunksize=8)
            np.save(banks / f"{source.use}-{source.file}.npy", np.stack(drawn))
            print(f"{source.name}: {len(drawn)} pictures of {side} pixels, {source.licence}")
    (banks / "concepts.json").write_text(json.dumps(concepts, indent=1), "utf-8")


def read_art(file: Path, points: dict[str, str]) -> dict[str, bytes]:
    """Code point to an SVG or a WebP; `points` names the icons of packages that have no list of their own."""
    with tarfile.open(file) as package:
        names = package.getnames()
        if "package/icons.json" not in names:
            loose = [name for name in names if name.endswith(".webp")]
            return {_point(Path(name).stem): _content(package, name) for name in loose}
    icons = read_json(file, "icons.json")
    drawn = icons["icons"]
    named = read_json(file, "chars.json") or points
    return {_point(point): _svg(drawn[name], icons) for point, name in named.items() if name in drawn}


def completed(art: dict[Source, dict[str, bytes]]) -> dict[Source, dict[str, bytes]]:
    """What a source has not drawn is taken from another one of the same use."""
    found = {}
    for source, own in art.items():
        others = [art[other] for other in art if other.use == source.use]
        found[source] = {point: picture for other in others for point, picture in other.items()} | own
    return found


def read_json(file: Path, name: str) -> dict:
    with tarfile.open(file) as package:
        return json.loads(_content(package, f"package/{name}"))


def _content(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(name)
    assert file is not None
    return file.read()


def _point(point: str) -> str:
    """Without the mark that asks for a coloured form."""
    return point.replace("-fe0f", "")


def _svg(icon: dict, icons: dict) -> bytes:
    width, height = (icon.get(side, icons.get(side, 16)) for side in ("width", "height"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
    return f"{head}{icon['body']}</svg>".encode()


def rasterised(art: bytes, side: int) -> np.ndarray:
    """Colours times opacity, and opacity: what can be made smaller without dark edges."""
    if art.startswith(b"<svg"):
        art = bytes(resvg_py.svg_to_bytes(svg_string=art.decode(), width=side, height=side, skip_system_fonts=True))
    picture = Image.open(io.BytesIO(art)).convert("RGBa").resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def common_concepts(art: dict[Source, dict[str, bytes]], files: dict[Source, Path], most: int | None) -> list[dict]:
    """Things that painter and judge can see: code point, name and synonyms."""
    (flat,) = [files[source] for source in art if source.style == "flat"]
    names, categories = read_json(flat, "chars.json"), read_json(flat, "metadata.json")["categories"]
    (synonyms,) = [_synonyms(files[source]) for source in files if source.use == "captions"]
    wanted = {name for category in CATEGORIES for name in categories[category]}
    concepts = [
        {"point": _point(point), "name": name.replace("-", " "), "synonyms": synonyms.get(_point(point), [])}
        for point, name in sorted(names.items())
        if name in wanted and all(_point(point) in pictures for pictures in art.values())
    ]
    step = 1 if most is None else max(1, len(concepts) // most)
    return concepts[::step][:most]


def _synonyms(file: Path) -> dict[str, list[str]]:
    library = read_json(file, "dist/emoji-en-US.json")
    return {
        _point("-".join(f"{ord(letter):x}" for letter in emoji)): [
            word.replace("_", " ") for word in words if word.replace("_", "").isalpha()
        ]
        for emoji, words in library.items()
    }


if __name__ == "__main__":
    main()
