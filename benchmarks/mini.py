"""The trained painter alone, in a process of its own, at the engine's own concurrency.

LIMNER_MINI_WEIGHTS names the folder of weights; without it, toys of 16 pixels show that this measures, and nothing else.
Full-size weights that learned nothing take as long as trained ones: `python -m training.export --untrained` makes them.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from report import Row

HERE = Path(__file__).parent
WEIGHTS = "LIMNER_MINI_WEIGHTS"
AIMS = {
    "import to first picture, s": 3.0,
    "a 512 px picture, s": 1.5,
    "its first preview, s": 0.3,
    "8 at once, s": math.inf,
    "memory, one, MB": 500.0,
    "memory, 8 at once, MB": 500.0,
}


def rows() -> list[Row]:
    with weights() as folder:
        measured = json.loads(subprocess.check_output([sys.executable, HERE / "mini_paints.py", folder], text=True))
        manifest = json.loads((Path(folder) / "manifest.json").read_text("utf-8"))
    size = manifest["architecture"]["parameters"] / 1e6
    label = f"mini, {size:.3g} M{', toy' if manifest['toy'] else ''}"
    aims = AIMS if WEIGHTS in os.environ else dict.fromkeys(AIMS, math.inf)
    return [
        Row(f"{label}: {what}", measured[what], None, measured[what], floor=aim, aim=aim, smaller=True)
        for what, aim in aims.items()
    ]


@contextmanager
def weights() -> Iterator[str]:
    if WEIGHTS in os.environ:
        yield os.environ[WEIGHTS]
        return
    sys.path.append(str(HERE.parent))
    from tests.engines.mini.toy import toy_weights

    with tempfile.TemporaryDirectory() as folder:
        toy_weights(Path(folder))
        yield folder
