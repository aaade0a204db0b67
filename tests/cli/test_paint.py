import json
import signal
import subprocess
import sys
import time

import httpx
import pytest

from limner.cli.paint import _option, _refuse_empty
from limner.domain.errors import EngineError
from tests.processes import LIMNER, kill_group, running


def test_a_prompt_becomes_a_file_named_after_it(limner, folder):
    code, out, _ = limner("paint", "Three red boats, watercolour", "--seed", "7")
    assert code == 0
    assert out.startswith("  ████████████████ ")
    assert out.endswith("   seed 7   → three-red-boats.png\n")
    assert (folder / "three-red-boats.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_overwritten(limner, folder):
    limner("paint", "a fox")
    _, out, _ = limner("paint", "a fox")
    assert "→ a-fox-2.png" in out
    _, out, _ = limner("paint", "a fox", "-o", "a-fox.png")
    assert "→ a-fox-3.png" in out


def test_several_pictures_are_several_files_with_their_seeds(limner, folder):
    _, out, _ = limner("paint", "a fox", "--count", "2", "--seed", "7")
    assert [line.split("seed ")[1] for line in out.splitlines()] == ["7   → a-fox.png", "8   → a-fox-2.png"]


def test_the_suffix_of_the_file_chooses_the_format(limner, folder):
    limner("paint", "a fox", "-o", "fox.webp")
    assert (folder / "fox.webp").read_bytes()[8:12] == b"WEBP"


def test_a_folder_takes_the_file(limner, folder):
    (folder / "pictures").mkdir()
    limner("paint", "a fox", "-o", "pictures")
    assert (folder / "pictures" / "a-fox.png").exists()


def test_a_dash_writes_the_bytes_to_standard_output(folder):
    command = [sys.executable, "-m", "limner.cli.main", "paint", "a fox", "-o", "-"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    assert done.stdout.startswith(b"\x89PNG")


def test_a_picture_is_painted_from_files_and_from_what_was_painted(limner, ask, folder):
    painted = ask("paint", "a fox", "--width", "32", "--height", "16")["images"][0]["id"]
    starts = ["--image", "a-fox.png", "--image", painted, "--mask", "a-fox.png", "--strength", "0.6"]
    request = ask("paint", "in winter", *starts)["request"]
    assert [(one["role"], one["image"]) for one in request["inputs"]] == [
        ("image", None),
        ("image", painted),
        ("mask", None),
    ]
    assert (request["strength"], request["width"], request["height"]) == (0.6, 32, 16)


def test_a_picture_to_start_from_must_be_there_and_be_one(limner, folder):
    code, _, err = limner("paint", "in winter", "--image", "absent.png")
    assert (code, "absent.png cannot be read (No such file or directory)" in err) == (2, True)
    code, _, err = limner("paint", "in winter", "--mask", "limner.toml")
    assert (code, err) == (1, "limner: The picture is not PNG, JPEG or WebP.\n")


def test_json_tells_the_job_and_its_files(ask, folder):
    told = ask("paint", "a fox")
    assert (told["state"], told["files"]) == ("succeeded", ["a-fox.png"])


def test_bad_fields_are_told_in_one_sentence_each(limner, folder):
    code, _, err = limner("paint", "", "--width", "0")
    assert code == 1
    assert err.startswith("limner: ")
    assert "prompt" in err
    assert "width" in err


def test_wrong_usage_is_exit_code_two(limner, folder):
    assert limner("paint")[0] == 2
    assert limner("paint", "x", "--option", "style")[0] == 2
    assert limner("nonsense")[0] == 2


def test_a_file_that_cannot_be_written_is_named_and_the_picture_kept(limner, folder):
    code, _, err = limner("paint", "a fox", "-o", "absent/fox.png")
    assert code == 1
    assert "absent/fox.png cannot be written" in err
    image = err.split("limner images save ")[1].split("`")[0]
    assert limner("images", "save", image)[0] == 0


@pytest.mark.parametrize(
    ("text", "value"), [("a=1", 1), ("a=true", True), ("a=watercolour", "watercolour"), ("a=b=c", "b=c"), ("a=", "")]
)
def test_option_values_that_read_as_json_are_json(text, value):
    assert _option(text) == ("a", value)


def test_with_a_server_and_a_key_the_server_paints(limner, serve, folder):
    server = serve()
    code, out, err = limner("paint", "a fox", "--url", server.url, "--key", server.key, "--home", "elsewhere")
    assert (code, err) == (0, "")
    assert "→ a-fox.png" in out
    assert not (folder / "elsewhere").exists()


def test_with_a_server_files_to_start_from_are_sent_to_it(limner, serve, folder):
    server = serve()
    limner("paint", "a fox")
    asked = ("paint", "in winter", "--image", "a-fox.png", "--url", server.url, "--key", server.key)
    code, out, err = limner(*asked)
    assert (code, err, "→ in-winter.png" in out) == (0, "", True)


def test_beside_a_running_server_the_same_folder_is_used(limner, serve, ask):
    server = serve()
    limner("paint", "a fox")
    (job,) = ask("jobs", "list", "--url", server.url, "--key", server.key)["items"]
    assert job["request"]["prompt"] == "a fox"


def test_a_server_that_is_not_there_is_a_sentence(limner, folder):
    code, _, err = limner("paint", "a fox", "--url", "http://127.0.0.1:9")
    assert code == 1
    assert err.startswith("limner: Nothing answers at http://127.0.0.1:9")


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1"])
def test_what_is_no_address_of_a_server_is_told_with_one_that_is(limner, url):
    code, _, err = limner("paint", "a fox", "--url", url)
    assert (code, "write it like http://127.0.0.1:8000" in err) == (1, True)


def test_a_wrong_key_is_a_sentence(limner, serve):
    server = serve()
    code, _, err = limner("paint", "a fox", "--url", server.url, "--key", "lmn_wrong")
    assert code == 1
    assert "limner keys create" in err


def test_ctrl_c_cancels_the_job(folder, ask):
    (folder / "limner.toml").write_text("[engines.painter]\n")
    long = ["--count", "8", "--width", "2048", "--height", "2048"]
    command = [*LIMNER, "paint", "a fox", *long]
    with running(command, cwd=folder, stderr=subprocess.PIPE, text=True) as painting:
        end = time.monotonic() + 20
        while not (folder / "limner-data").exists() or not ask("jobs", "list")["items"]:
            assert time.monotonic() < end
        painting.send_signal(signal.SIGINT)
        _, err = painting.communicate(timeout=20)
    (job,) = ask("jobs", "list")["items"]
    assert (painting.returncode, job["state"], err.splitlines()[-1:]) == (130, "cancelled", ["Stopped."])


def test_ctrl_c_is_ctrl_c_although_the_server_is_gone(folder, serve):
    (folder / "limner.toml").write_text("[engines.painter]\n")
    server = serve()
    long = ["--count", "8", "--width", "2048", "--height", "2048", "--url", server.url, "--key", server.key]
    with running([*LIMNER, "paint", "a fox", *long], cwd=folder, stderr=subprocess.PIPE, text=True) as painting:
        end = time.monotonic() + 20
        while not httpx.get(f"{server.url}/jobs", headers=server.headers).json()["items"]:
            assert time.monotonic() < end
        painting.send_signal(signal.SIGSTOP)  # or it could end by itself before it hears Ctrl-C
        kill_group(server.process)
        painting.send_signal(signal.SIGINT)
        painting.send_signal(signal.SIGCONT)
        _, err = painting.communicate(timeout=20)
    assert (painting.returncode, err.splitlines()[-1:]) == (130, ["Stopped."])


def test_a_job_without_a_picture_says_why_and_how_to_go_on():
    error = {"title": "The engine stopped", "detail": "It stopped three times.", "retryable": True}
    with pytest.raises(EngineError, match=r"stopped three times\. Try again with `limner jobs retry 7`"):
        _refuse_empty({"id": "7", "state": "failed", "error": error})
    with pytest.raises(EngineError, match=r"It stopped three times\.\Z"):
        _refuse_empty({"id": "7", "state": "failed", "error": error | {"retryable": False}})
    with pytest.raises(EngineError, match="The job was cancelled"):
        _refuse_empty({"id": "7", "state": "cancelled", "error": None})


def test_debug_shows_the_traceback(folder, monkeypatch):
    monkeypatch.setenv("LIMNER_DEBUG", "1")
    command = [sys.executable, "-m", "limner.cli.main", "paint", "a fox", "--config", "absent.toml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "Traceback" in done.stderr
    assert json.dumps("absent.toml")[1:-1] in done.stderr
