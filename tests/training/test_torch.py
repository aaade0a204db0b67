"""What of the training needs torch; left out where that is not installed, as it is where Limner itself is developed."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from limner.engines.mini.grid import Grid  # noqa: E402 - torch comes first
from limner.engines.mini.weights import Weights  # noqa: E402
from tests.engines.mini.painting import painted, task  # noqa: E402
from training import export, sources  # noqa: E402
from training.captions import Choice, held_out, withheld  # noqa: E402
from training.carry import pack, unpack  # noqa: E402
from training.checkpoints import checkpoint, read, write  # noqa: E402
from training.compose import Composer  # noqa: E402
from training.evaluate import Evaluation  # noqa: E402
from training.parts import PARTS, patched  # noqa: E402
from training.scale import FINE, FULL, TOY, WORD_SIZE  # noqa: E402
from training.train import Training, pace  # noqa: E402

CPU = torch.device("cpu")
CONCEPTS = [{"name": name, "synonyms": []} for name in ("fox", "owl", "box", "boat", "cup", "crab", "tent", "tree")]


@pytest.fixture
def work(tmp_path):
    """Banks of noise and a table of a few words."""
    dice = np.random.default_rng(1)
    banks, words = tmp_path / "toy" / "banks", tmp_path / "words"
    banks.mkdir(parents=True)
    words.mkdir()
    (banks / "concepts.json").write_text(json.dumps(CONCEPTS), "utf-8")
    for source in sources.of("painter") + sources.of("judge"):
        art = dice.integers(0, 256, (len(CONCEPTS), TOY.side * FINE, TOY.side * FINE, 4), np.uint8)
        np.save(banks / f"{source.use}-{source.file}.npy", art)
    (words / "vocabulary.txt").write_text("fox\nowl\non\nwhite\n", "utf-8")
    table = dice.integers(-127, 128, (4, WORD_SIZE)).astype(np.int8)
    np.savez(words / "words.npz", table=table, scales=np.full(4, 0.01, np.float16))
    return tmp_path


def training(work, part="upscaler"):
    return Training(part, TOY, work, CPU, compiled=False)


def trained(work, part="upscaler", steps=2):
    one = training(work, part)
    for _ in range(steps):
        loss = one._step()
    one._save(loss.item())
    return one


@pytest.mark.parametrize("part", PARTS)
def test_each_part_learns_and_goes_on_where_it_was_stopped(work, part):
    first = trained(work, part)
    second = training(work, part)
    assert second.steps == 2
    assert second.begun == 0
    for kind in ("model", "averaged"):
        again = getattr(second, kind).state_dict()
        assert all(torch.equal(tensor, again[name]) for name, tensor in getattr(first, kind).state_dict().items())
    assert second.optimiser.state_dict()["state"][0]["step"] == 2
    second._step()
    assert second.steps == 3


def test_a_loss_that_is_no_number_leaves_the_checkpoint_as_it_was(work):
    one = trained(work)
    before = one.file.read_bytes()
    with torch.no_grad():
        next(one.model.parameters()).fill_(float("nan"))
    with pytest.raises(SystemExit, match="the loss is no number any more"):
        one._save(one._step().item())
    assert one.file.read_bytes() == before


def test_the_checkpoint_before_is_kept(work):
    one = trained(work)
    one._save(one._step().item())
    assert read(one.file)["steps"] == 3
    assert read(one.file.with_suffix(".previous"))["steps"] == 2


def test_what_is_carried_is_the_average_of_the_parts_that_there_are(work, tmp_path):
    one, files = trained(work), {part: checkpoint(work, TOY, part) for part in PARTS}
    pack(files, tmp_path / "pieces")
    home = {part: checkpoint(tmp_path / "home", TOY, part) for part in PARTS}
    unpack(home, tmp_path / "pieces")
    assert home["upscaler"].exists()
    assert not home["painter"].exists()
    carried, own = read(home["upscaler"]), one.averaged.state_dict()
    assert (carried["steps"], carried["device"]) == (2, "cpu")
    assert all(torch.allclose(tensor, own[name], atol=1e-3) for name, tensor in carried["averaged"].items())


def test_training_goes_on_from_what_was_carried_and_warms_up_again(work, tmp_path):
    files = {"upscaler": trained(work).file}
    pack(files, tmp_path / "pieces")
    files["upscaler"].unlink()
    unpack(files, tmp_path / "pieces")
    one = training(work)
    assert (one.steps, one.begun) == (2, 2)
    assert not one.optimiser.state_dict()["state"]
    assert all(torch.equal(tensor, one.averaged.state_dict()[name]) for name, tensor in one.model.state_dict().items())


def test_unpacking_does_not_replace_what_can_be_trained_on(work, tmp_path):
    one = trained(work)
    pack({"upscaler": one.file}, tmp_path / "pieces")
    before = one.file.read_bytes()
    with pytest.raises(SystemExit, match="can still be trained on"):
        unpack({"upscaler": one.file}, tmp_path / "pieces")
    assert one.file.read_bytes() == before


def test_nothing_trained_is_not_packed(work, tmp_path):
    with pytest.raises(SystemExit, match="Nothing was trained yet"):
        pack({"upscaler": checkpoint(work, TOY, "upscaler")}, tmp_path / "pieces")


def test_a_checkpoint_is_whole_or_not_there(tmp_path):
    file = tmp_path / "part.pt"
    write(file, {"steps": 1})
    with pytest.raises(Exception, match="pickle"):
        write(file, {"steps": lambda: 2})
    assert read(file) == {"steps": 1}


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")  # torch warns of itself
def test_what_is_exported_is_what_the_engine_loads(work, monkeypatch):
    (work / "sources.json").write_text("[]", "utf-8")
    monkeypatch.setattr("sys.argv", ["export", "--toy", "--untrained", "--work", str(work)])
    export.main()
    folder = work / "toy" / "untrained" / "weights"
    training_facts = json.loads((folder / "manifest.json").read_text("utf-8"))["training"]
    assert training_facts["painter"] == {"steps": 0, "seconds": 0.0, "device": "none"}
    assert Weights.load(folder, allow_toy=True).toy
    (picture,) = painted(folder, task("a fox on white"))
    assert picture.shape[2] == 3


def test_neighbours_are_looked_for_among_all_that_was_learned_and_nothing_else(work):
    art = Composer.read(work / "toy" / "banks", "painter", CPU)
    learned = Evaluation._learned(SimpleNamespace(art=art))
    assert {(one.concept, one.style) for one in learned} == {
        (concept, style) for concept in range(len(CONCEPTS)) for style in range(3) if not withheld(concept, style, 3)
    }
    assert not [one for one in learned if held_out(one.concept, one.place)]
    assert {one.tint > 0 for one in learned} == {True, False}


def test_who_sees_the_place_alone_finds_one_prompt_a_place():
    found = Evaluation._guessed([Choice(thing, 0, place) for thing, place in enumerate((1, 1, 1, 2))])
    assert (found["own prompt, by chance"], found["own prompt, by place alone"]) == (25, 50)


def kept(**changed):
    """As trained as it can be, in seconds and steps, but for what is `changed`."""
    parts = {
        part: {"seconds": FULL.minutes[part] * 60, "steps": FULL.least_steps[part]} for part in ("painter", "upscaler")
    }
    for name, facts in changed.items():
        parts[name] |= facts
    return parts


def test_weights_are_toys_unless_both_parts_were_trained_to_the_end_by_enough_steps():
    assert not export.is_toy(FULL, kept())
    assert export.is_toy(TOY, kept())
    for part in ("painter", "upscaler"):
        assert export.is_toy(FULL, kept(**{part: {"steps": FULL.least_steps[part] - 1}}))
        assert export.is_toy(FULL, kept(**{part: {"seconds": FULL.minutes[part] * 60 - 1}}))


def test_patches_are_cut_as_the_engine_cuts_them():
    grid = Grid.like(2, 1, tokens=TOY.tokens, patch=TOY.patch)
    pictures = torch.rand(2, 3, *grid.size[::-1]) * 2 - 1
    joined = [grid.join(one) for one in patched(pictures, grid).numpy()]
    assert np.allclose(np.stack(joined), pictures.permute(0, 2, 3, 1).numpy())


def test_the_rate_warms_up_by_steps_and_falls_by_the_clock():
    assert pace(0, 100, 0.0) == pytest.approx(0.01)
    assert pace(99, 100, 0.0) == pytest.approx(1)
    assert pace(500, 100, 0.5) == pytest.approx(0.525)
    assert pace(500, 100, 1.0) == pytest.approx(0.05)


def test_what_is_made_much_smaller_does_not_flicker():
    """A fine chequerboard is grey from afar, wherever it lies; where pixels were skipped, it would be black and white."""
    board = torch.tensor([[0, 255], [255, 0]], dtype=torch.uint8).repeat(64, 64)
    bank = torch.stack([board, board, board, torch.full_like(board, 255)])[None, None]
    torch.manual_seed(1)
    pictures = Composer(bank, CPU).draw([Choice(0, 0, 0)] * 8, (64, 64))
    inside = pictures[:, :, 30:34, 30:34]
    assert inside.abs().max() < 0.1
