import json

import pytest


@pytest.fixture
def job(ask):
    return ask("paint", "a fox", "--reference", "order-7")


def test_jobs_are_listed_newest_first(limner, job, ask):
    newer = ask("paint", "a hen")
    code, out, _ = limner("jobs", "list")
    heads, first, second = out.splitlines()
    assert (code, heads.split()) == (0, ["JOB", "STATE", "PROMPT"])
    assert first.split()[:2] == [newer["id"], "succeeded"]
    assert second.endswith("1 picture  a fox")


def test_a_page_names_the_cursor_of_the_next(limner, job, ask):
    ask("paint", "a hen")
    _, out, _ = limner("jobs", "list", "--limit", "1")
    cursor = out.rsplit("--cursor ")[1].strip()
    assert [one["id"] for one in ask("jobs", "list", "--cursor", cursor)["items"]] == [job["id"]]


def test_jobs_are_found_by_reference(ask, job):
    assert [one["id"] for one in ask("jobs", "list", "--reference", "order-7")["items"]] == [job["id"]]
    assert ask("jobs", "list", "--reference", "other")["items"] == []


def test_without_jobs_it_says_so(limner):
    assert limner("jobs", "list")[:2] == (0, "No jobs.\n")


def test_a_job_is_shown_whole(limner, job):
    _, out, _ = limner("jobs", "show", job["id"])
    assert f"job      {job['id']}" in out
    assert f"image    {job['images'][0]['id']}" in out


def test_a_finished_job_is_watched_to_its_end_at_once(limner, job):
    assert limner("jobs", "watch", job["id"])[:2] == (0, "succeeded  1 picture\n")
    _, out, _ = limner("jobs", "watch", job["id"], "--json")
    assert json.loads(out)["event"] == "job"


def test_a_finished_job_can_be_neither_cancelled_nor_retried(limner, job):
    code, _, err = limner("jobs", "cancel", job["id"])
    assert (code, err) == (1, "limner: It has already succeeded.\n")
    code, _, err = limner("jobs", "retry", job["id"])
    assert (code, err) == (1, "limner: It succeeded; submit it again instead.\n")


def test_a_deleted_job_is_gone(limner, job):
    assert limner("jobs", "delete", job["id"])[:2] == (0, "Deleted.\n")
    code, _, err = limner("jobs", "show", job["id"])
    assert (code, err) == (1, "limner: There is no such job.\n")


def test_another_users_job_is_not_there_but_as_that_user(limner, job):
    assert limner("jobs", "show", job["id"], "--user", "ann")[0] == 1
    assert limner("jobs", "show", job["id"], "--user", "local")[0] == 0


@pytest.mark.parametrize("odd", ["x", "../etc", "0199c2a4-7d1e-7c3a-9f0e-2b8c5a6d1e40", "ä?#"])
def test_odd_ids_are_no_such_job(limner, odd):
    code, _, err = limner("jobs", "show", odd)
    assert (code, err) == (1, "limner: There is no such job.\n")
