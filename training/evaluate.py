"""Measures the exported weights, good or bad, with the engine's own code.

    python -m training.evaluate
    python -m training.evaluate --toy

Writes figures.json, the same as tables, and the contact sheet of prompts.txt beside the weights.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image

from limner.engines.mini.engine import GUIDANCE, STEPS
from limner.engines.mini.grid import Grid, picture_of
from limner.engines.mini.model import Model
from limner.engines.mini.pictures import finished
from limner.engines.mini.sketch import Sketch
from limner.engines.mini.weights import TABLE, VOCABULARY, Weights
from limner.engines.mini.words import Words
from training import measures, sources
from training.captions import PLACES, TINTS, Captions, Choice, drawn_tint, held_out, withheld
from training.checkpoints import checkpoint, read
from training.compose import Composer
from training.export import FLOAT
from training.model import Judge
from training.report import tables
from training.scale import FINE, Scale, arguments, folder

SEEDS = (1, 2, 3)
TOGETHER = 8
AMONG = 100
AT_ONCE = 256
PLACED = 3
"""How often each drawing is placed anew to be compared with."""
PROMPTS = Path(__file__).with_name("prompts.txt")


class Evaluation:
    """What is measured, and with what."""

    def __init__(self, scale: Scale, work: Path) -> None:
        self.scale, self.work = scale, work
        self.weights = Weights.load(folder(work, scale, "weights"), allow_toy=True)
        self.model = Model(self.weights, None)
        exported = self.weights.folder
        self.words = Words.load(exported / VOCABULARY, exported / TABLE, self.weights.architecture.words)
        self.grid = Grid.like(1, 1, tokens=scale.tokens, patch=scale.patch)
        banks, cpu = work / scale.name / "banks", torch.device("cpu")
        self.art = Composer.read(banks, "painter", cpu, shrink=FINE)
        self.captions = Captions.read(banks, [source.style for source in sources.of("painter")], 1)
        self.unstyled = Captions.read(banks, [""] * self.art.styles, 1)
        self.judge = Judge(self.art.concepts, len(PLACES), len(TINTS)).eval()
        self.judge.load_state_dict(read(checkpoint(work, scale, "judge"))["averaged"])

    @torch.inference_mode()
    def figures(self) -> dict:
        torch.manual_seed(5)
        asked = self._asked()
        painted = {kind: self.painted(choices) for kind, choices in asked.items()}
        everything = [choice for choices in asked.values() for choice in choices]
        real, again = self.real(everything), self.real(everything)
        generated = torch.cat(list(painted.values()))
        return {
            "scale": self.scale.name,
            "parameters": self.weights.architecture.parameters,
            "concepts": self.art.concepts,
            "pictures": len(generated),
            "judged": {
                **{kind: self._judged(painted[kind], choices) for kind, choices in asked.items()},
                "real art of the painter": self._judged(real, everything),
            },
            "chance": {
                "thing, best": 100 / self.art.concepts,
                "style, best": 100 / self.art.styles,
                "place, best": 100 / len(PLACES),
                "tint, best, of tinted ones": 100 / (len(TINTS) - 1),
            },
            "Fréchet distance": self._distances(generated, real, again),
            "nearest neighbour": self._neighbours(generated, real, self.real(self._learned())),
            "exactness": self._exactness(asked["pairs seen"]),
            "speed": self._speed(),
        }

    def _asked(self) -> dict[str, list[Choice]]:
        """What is painted, each thing every other time in a colour that is not its own."""
        dice = random.Random(3)
        styles = self.art.styles
        every = [
            Choice(concept, style, place)
            for concept in range(self.art.concepts)
            for style in range(styles)
            for place in range(len(PLACES))
        ]
        dice.shuffle(every)
        unshown = [one for one in every if withheld(one.concept, one.style, styles)]
        shown = [one for one in every if not withheld(one.concept, one.style, styles)]
        kinds = {
            "pairs seen": [one for one in shown if not held_out(one.concept, one.place)],
            "pairs held out": [one for one in shown if held_out(one.concept, one.place)],
            "styles held out": [one for one in unshown if not held_out(one.concept, one.place)],
        }
        return {
            kind: [
                one._replace(tint=dice.randrange(1, len(TINTS)) * (number % 2))
                for number, one in enumerate(choices[: self.scale.pictures])
            ]
            for kind, choices in kinds.items()
        }

    def _learned(self) -> list[Choice]:
        """Of every thing in every style what the painter was shown, at some of the places and in its tints."""
        dice = random.Random(4)
        places = {
            concept: [place for place in range(len(PLACES)) if not held_out(concept, place)]
            for concept in range(self.art.concepts)
        }
        return [
            Choice(concept, style, dice.choice(places[concept]), drawn_tint(dice))
            for concept in places
            for style in range(self.art.styles)
            for _ in range(PLACED)
            if not withheld(concept, style, self.art.styles)
        ]

    def painted(self, choices: list[Choice]) -> torch.Tensor:
        prompts = [self.captions.plain(one) for one in choices]
        patches = paint(self.model, [self.sketch(prompt, seed) for seed, prompt in enumerate(prompts)])
        pixels = np.stack([self.grid.join(one) for one in patches])
        return torch.from_numpy(pixels).permute(0, 3, 1, 2)

    def sketch(self, prompt: str, seed: int) -> Sketch:
        return Sketch(
            grid=self.grid,
            reading=self.words.read(prompt),
            unwanted=self.words.read(""),
            guidance=GUIDANCE,
            seed=seed,
            steps=STEPS,
        )

    def real(self, choices: list[Choice]) -> torch.Tensor:
        some = (choices[first : first + AT_ONCE] for first in range(0, len(choices), AT_ONCE))
        return torch.cat([self.art.draw(part, (self.scale.side,) * 2) for part in some])

    def _judged(self, pictures: torch.Tensor, choices: list[Choice]) -> dict:
        """By a judge who learned from other art; per cent."""
        concepts, _, places, tints = torch.tensor(choices).unbind(1)
        features = self.judge.features(pictures)
        tinted = tints > 0
        return {
            "thing, best": measures.accuracy(self.judge.concept(features), concepts, 1),
            "thing, five best": measures.accuracy(self.judge.concept(features), concepts, 5),
            "style, best": self._styled(features, choices),
            "place, best": measures.accuracy(self.judge.place(features), places, 1),
            "tint, best, of tinted ones": measures.accuracy(
                self.judge.tint(features[tinted])[:, 1:], tints[tinted] - 1, 1
            ),
            "own prompt, best": self._recalled(features, choices),
            **self._guessed(choices[:AMONG]),
        }

    def _styled(self, features: torch.Tensor, choices: list[Choice]) -> float:
        """How often, of the thing's drawings at that place, the nearest is that of the style asked for. The judge has
        learned no styles; what its features tell of them, the row of real art says.
        """
        restyled = [[one._replace(style=style) for one in choices] for style in range(self.art.styles)]
        distances = torch.stack([(features - self._drawn(asked)).norm(dim=1) for asked in restyled], 1)
        return measures.accuracy(-distances, torch.tensor([one.style for one in choices]), 1)

    def _drawn(self, choices: list[Choice]) -> torch.Tensor:
        """The features of real art, wherever the thing is placed."""
        return torch.stack([self.judge.features(self.real(choices)) for _ in range(PLACED)]).mean(0)

    @staticmethod
    def _guessed(choices: list[Choice]) -> dict:
        """What own prompts are found by who guesses, and by who sees the place and nothing else."""
        places = {one.place for one in choices}
        return {
            "own prompt, by chance": 100 / len(choices),
            "own prompt, by place alone": 100 * len(places) / len(choices),
            "among prompts": len(choices),
        }

    def _recalled(self, features: torch.Tensor, choices: list[Choice]) -> float:
        """The judge knows no styles, so they are not named."""
        readings = [self.words.read(self.unstyled.plain(one)) for one in choices[:AMONG]]
        pieces = torch.from_numpy(np.stack([reading.pieces for reading in readings]))
        known = torch.from_numpy(np.stack([reading.known for reading in readings]))
        return measures.recalled(self.judge.fit(features[: len(readings)], pieces, known))

    def _distances(self, generated: torch.Tensor, real: torch.Tensor, again: torch.Tensor) -> dict:
        """In the judge's features. With fewer pictures than these have dimensions it is mostly bias, which the floor has,
        too: the same things in real art, placed twice.
        """
        painted, first, second = (self.judge.features(pictures) for pictures in (generated, real, again))
        return {
            "pictures on each side": len(painted),
            "dimensions": painted.shape[1],
            "painted to real": measures.frechet(painted, first),
            "real to real": measures.frechet(first, second),
        }

    def _neighbours(self, generated: torch.Tensor, again: torch.Tensor, known: torch.Tensor) -> dict:
        """Deciles of the distance to the nearest of what was learned from; beside it, that of real art placed anew."""
        return {
            "painted, in pixels": measures.nearest(generated, known),
            "real placed anew, in pixels": measures.nearest(again, known),
            "painted, in features": measures.nearest(self.judge.features(generated), self.judge.features(known)),
            "real placed anew, in features": measures.nearest(self.judge.features(again), self.judge.features(known)),
        }

    def _exactness(self, choices: list[Choice]) -> dict:
        """Of int8 against float, and of pictures painted together against alone."""
        prompts = [self.captions.plain(one) for one in choices[:TOGETHER]]
        asked = [[self.sketch(prompt, seed) for seed, prompt in enumerate(prompts)] for _ in range(3)]
        together = paint(self.model, asked[0])
        alone = [paint(self.model, [one])[0] for one in asked[1]]
        whole = paint(Float(self.weights.folder.parent / FLOAT), asked[2])
        compared = [measures.psnr(one, other) for one, other in zip(together, whole, strict=True)]
        return {
            "int8 to float, PSNR in dB, median": statistics.median(compared),
            "int8 to float, PSNR in dB, least": min(compared),
            "merged to alone, most of 255": float(np.abs(np.stack(together) - np.stack(alone)).max() * 127.5),
        }

    def _speed(self) -> dict:
        """On this machine as it was: one step with guidance, one picture of 512 pixels, the memory of this process."""
        steps, pictures = [], []
        for seed in range(5):
            sketch = self.sketch("a red fox in snow", seed)
            began = time.perf_counter()
            (clean,) = paint(self.model, [sketch])
            steps.append((time.perf_counter() - began) / STEPS)
            finished(self.model, self.grid, clean, (512, 512), None)
            pictures.append(time.perf_counter() - began)
        return {
            "step, ms, median": statistics.median(steps) * 1000,
            "picture of 512 pixels, s, median": statistics.median(pictures),
            "memory with the tools of the evaluation, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }

    def contact_sheet(self) -> Image.Image:
        """Every prompt of prompts.txt with every seed, none left out."""
        prompts = PROMPTS.read_text("utf-8").splitlines()
        patches = paint(self.model, [self.sketch(prompt, seed) for prompt in prompts for seed in SEEDS])
        side = self.scale.side
        across = 4 * len(SEEDS)
        sheet = Image.new("RGB", (across * side, -(-len(patches) // across) * side))
        for number, one in enumerate(patches):
            sheet.paste(picture_of(self.grid.pixels(one)), (number % across * side, number // across * side))
        return sheet


class Float:
    """The graph before it was made small, asked like a Model."""

    def __init__(self, file: Path) -> None:
        self._painter = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    clean = Model.clean


def paint(model: Model | Float, sketches: list[Sketch]) -> list[np.ndarray]:
    """All of them, some at a time."""
    for first in range(0, len(sketches), TOGETHER):
        some = sketches[first : first + TOGETHER]
        for _ in range(STEPS):
            asked = [one.questions() for one in some]
            answers = iter(model.clean([question for questions in asked for question in questions]))
            for one, questions in zip(some, asked, strict=True):
                one.advance([next(answers) for _ in questions])
    return [one.clean for one in sketches]


def main() -> None:
    chosen = arguments(__doc__ or "").parse_args()
    evaluation = Evaluation(chosen.scale, chosen.work)
    made = folder(chosen.work, chosen.scale, "evaluation")
    evaluation.contact_sheet().save(made / "contact-sheet.png")
    figures = evaluation.figures()
    (made / "figures.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (made / "figures.md").write_text(tables(figures), "utf-8")
    print(tables(figures))


if __name__ == "__main__":
    main()
