import io
import json
import logging

import pytest

from limner.observers import logs


@pytest.fixture
def output(monkeypatch):
    """A server that ran in this process has made uvicorn's own loggers speak for themselves."""
    for fact, value in {"handlers": [], "propagate": True, "disabled": False, "level": logging.NOTSET}.items():
        monkeypatch.setattr(logging.getLogger("uvicorn.access"), fact, value)
        monkeypatch.setattr(logging.getLogger("uvicorn"), fact, value)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield io.StringIO()
    root.handlers, _ = handlers, root.setLevel(level)


def line(output):
    return json.loads(output.getvalue().splitlines()[-1])


def test_json_lines_carry_the_records_own_facts(output):
    logs.configure("json", "info", stream=output)
    logging.getLogger("limner.x").warning("lease lost", extra={"job": "0199"})
    told = line(output)
    assert (told["level"], told["logger"], told["message"], told["job"]) == (
        "warning",
        "limner.x",
        "lease lost",
        "0199",
    )
    assert told["at"].endswith("Z")


def test_human_lines_are_one_line(output):
    logs.configure("human", "info", stream=output)
    logging.getLogger("limner.x").info("claimed", extra={"job": "0199"})
    assert output.getvalue().endswith("info limner.x: claimed job=0199\n")


@pytest.mark.parametrize("style", ["json", "human"])
def test_prompts_and_keys_are_never_written(output, style):
    logs.configure(style, "info", stream=output)
    logging.getLogger("limner.x").info(
        "key lmn_abc_SECRETPART came with Bearer SECRETPART", extra={"prompt": "SECRETPART", "detail": "lmn_SECRETPART"}
    )
    assert "SECRETPART" not in output.getvalue()
    assert "lmn_…" in output.getvalue()


def test_an_errors_words_are_left_out_but_its_frames_are_there(output):
    logs.configure("human", "info", stream=output)
    prompt = "a secret garden"
    try:
        raise ValueError(prompt)
    except ValueError:
        logging.getLogger("limner.x").exception("engine failed")
    assert "garden" not in output.getvalue()
    assert "builtins.ValueError" in output.getvalue()
    assert "test_logs.py" in output.getvalue()


def test_at_debug_level_an_errors_words_are_shown(output):
    logs.configure("human", "debug", stream=output)
    try:
        raise ValueError("words")
    except ValueError:
        logging.getLogger("limner.x").exception("engine failed")
    assert "words" in output.getvalue()


def test_access_lines_have_no_query_string(output):
    logs.configure("json", "info", stream=output)
    logging.getLogger("uvicorn.access").info(
        '%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", "/images/1/content?signature=abc", "1.1", 200
    )
    assert line(output)["path"] == "/images/1/content"
    assert "abc" not in output.getvalue()


def test_statements_of_the_database_are_not_logged(output):
    logs.configure("json", "debug", stream=output)
    logging.getLogger("sqlalchemy.engine").info("INSERT ... a prompt")
    assert output.getvalue() == ""
