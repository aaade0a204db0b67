import json
import re
import shlex
import signal
import socket
import subprocess

import httpx
import psutil
import pytest

from limner.cli.serve import own_command
from limner.testing.instant import checkerboard
from tests.processes import LIMNER, kill_group, running


def test_the_curl_that_it_prints_gives_a_picture(serve, folder):
    server = serve()
    command = re.search(r"^  (curl .*\\\n.*)$", server.printed(), re.MULTILINE)[1]
    subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)
    assert (folder / "fox.png").read_bytes().startswith(b"\x89PNG")


def test_the_paint_line_that_it_prints_works_in_the_same_folder(serve, folder):
    server = serve()
    command = re.search(r"^  (.* paint .*)$", server.printed(), re.MULTILINE)[1]
    subprocess.run(shlex.split(command), cwd=folder, check=True, capture_output=True)
    assert (folder / "three-red-boats-on-a-calm-sea-at-sunset.png").exists()


def test_a_key_is_printed_on_the_first_start_only(serve):
    first = serve()
    assert "Your key, shown only now" in first.printed()
    first.stop()
    second = serve()
    assert re.findall(r"lmn_\w+", second.printed()) == [second.link]
    assert "keys create" in second.printed()


def signed_in(server, **headers):
    """The answer to what the page does with the link that was printed."""
    own = {"Sec-Fetch-Site": "same-origin", **headers}
    return httpx.post(f"{server.url}/session", json={"link": server.link}, headers=own)


def test_the_page_link_that_it_prints_signs_the_local_person_in_as_an_operator(serve):
    server = serve()
    assert server.printed().index(server.link) < server.printed().index(server.key)
    answer = signed_in(server)
    assert answer.json()["user"] == "local"
    assert httpx.get(f"{server.url}/metrics", cookies=answer.cookies).status_code == 200
    assert signed_in(server).status_code == 401


def test_a_proxy_that_is_trusted_says_that_the_connection_is_secure(serve):
    server = serve(environment={"LIMNER_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1"})
    answer = signed_in(server, **{"X-Forwarded-Proto": "https"})
    assert answer.json()["secure"] is True
    assert answer.headers["set-cookie"].startswith("__Host-limner=")


def test_nobody_else_is_believed_that_the_connection_is_secure(serve):
    server = serve(environment={"LIMNER_TRUSTED_PROXIES": "10.0.0.0/8"})
    assert signed_in(server, **{"X-Forwarded-Proto": "https"}).json()["secure"] is False


def test_sigterm_ends_it_with_a_stream_open(serve):
    server = serve()
    with httpx.stream("GET", f"{server.url}/events", headers=server.headers, timeout=20) as stream:
        assert stream.status_code == 200
        server.process.send_signal(signal.SIGTERM)
        list(stream.iter_raw())
    server.process.wait(10)
    assert "Application shutdown complete" in server.printed()


def test_several_server_processes_share_the_folder(serve, ask):
    server = serve("--workers", "2")
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=20) as client:
        jobs = [client.post("/images", json={"prompt": "a fox"}, headers={"Prefer": "wait=20"}) for _ in range(8)]
    assert {job.status_code for job in jobs} == {200}
    assert len(ask("jobs", "list")["items"]) == 8


def test_a_killed_supervisor_takes_its_processes_along(serve):
    server = serve("--workers", "2")
    children = psutil.Process(server.process.pid).children(recursive=True)
    host, port = httpx.URL(server.url).host, httpx.URL(server.url).port
    server.process.kill()
    assert psutil.wait_procs(children, timeout=30)[1] == []
    with socket.create_server((host, port)):
        pass


def test_pictures_in_memory_are_for_one_process(limner, monkeypatch):
    monkeypatch.setenv("LIMNER_STORAGE", "memory://")
    for command in (("serve", "--workers", "2", "--port", "0"), ("work",)):
        code, _, err = limner(*command)
        assert (code, "LIMNER_STORAGE=file:///" in err) == (1, True)


def test_pictures_in_memory_are_not_for_rows_that_other_machines_share(limner, monkeypatch):
    monkeypatch.setenv("LIMNER_STORAGE", "memory://")
    monkeypatch.setenv("LIMNER_DATABASE", "postgresql://127.0.0.1:1/limner?connect_timeout=1")
    code, _, err = limner("serve", "--port", "0")
    assert (code, "a folder that all machines share" in err) == (1, True)


def test_a_port_that_is_taken_is_a_sentence_with_a_remedy(limner):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = limner("serve", "--port", port)
    assert (code, err) == (
        1,
        f"limner: Port {port} is taken. Stop what uses it, or choose another: `limner serve --port {port + 1}`.\n",
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org"])
def test_a_public_address_without_authentication_is_refused(limner, monkeypatch, host):
    monkeypatch.setenv("LIMNER_AUTHENTICATION", "false")
    code, _, err = limner("serve", "--host", host, "--port", "0")
    assert code == 1
    assert "Without authentication" in err


def test_a_server_that_may_be_one_of_several_is_refused_without_a_secret(limner, monkeypatch):
    monkeypatch.setenv("LIMNER_DATABASE", "postgresql://db.example/limner")
    code, _, err = limner("serve", "--port", "0")
    assert (code, "set LIMNER_SECRET" in err) == (1, True)


def test_without_authentication_the_printed_curl_has_no_key(serve):
    server = serve(environment={"LIMNER_AUTHENTICATION": "false"})
    assert "Bearer" not in server.printed()
    assert f"Page: {server.url}/\n" in server.printed()
    assert httpx.get(f"{server.url}/jobs").status_code == 200


def test_a_server_that_others_reach_prints_no_key_and_no_link(serve, folder, ask):
    """What it prints is a log."""
    server = serve(environment={"LIMNER_HOST": "0.0.0.0", "LIMNER_HOME": str(folder / "service")})
    printed = server.printed()
    assert "keys create; links to the page" in printed
    assert "#" not in printed
    assert "lmn_" not in printed


def test_a_broken_database_is_told_before_anything_is_served(limner, folder):
    (folder / "limner-data").mkdir()
    (folder / "limner-data" / "limner.db").write_bytes(b"this is not a database" * 1000)
    code, out, err = limner("serve", "--port", "0")
    assert (code, out) == (1, "")
    assert "limner.db" in err


def test_a_typo_in_the_settings_names_the_nearest(limner, folder):
    (folder / "limner.toml").write_text("prot = 1\n")
    code, _, err = limner("serve")
    assert (code, err) == (1, "limner: There is no setting prot in limner.toml; did you mean port?\n")


def test_logs_hold_no_prompt_and_no_key(serve):
    server = serve(environment={"LIMNER_ACCESS_LOG": "true", "LIMNER_LOG_FORMAT": "json", "LIMNER_LOG_LEVEL": "debug"})
    headers = {**server.headers, "Prefer": "wait=20"}
    httpx.post(f"{server.url}/images", json={"prompt": "my private garden"}, headers=headers, timeout=20)
    httpx.get(f"{server.url}/jobs?signature=lmn_private", headers=server.headers)
    logged = server.printed().partition("{")[2]
    assert '"path": "/images"' in logged
    assert "private" not in logged
    assert server.key not in logged


def test_logs_hold_neither_the_link_nor_the_session(serve):
    server = serve(environment={"LIMNER_ACCESS_LOG": "true", "LIMNER_LOG_FORMAT": "json", "LIMNER_LOG_LEVEL": "debug"})
    answer = signed_in(server)
    (session,) = answer.cookies.values()
    httpx.get(f"{server.url}/jobs", cookies=answer.cookies)
    logged = server.printed().partition("{")[2]
    assert '"path": "/session"' in logged
    for secret in (server.link, session):
        assert secret.split("_")[2] not in logged


def test_with_json_it_tells_its_address_page_and_key_in_one_line(folder):
    command = [*LIMNER, "serve", "--port", "0", "--json"]
    with running(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        told = json.loads(serving.stdout.readline())
        headers = {"Authorization": f"Bearer {told['key']}"}
        assert httpx.get(f"{told['url']}/jobs", headers=headers, timeout=20).is_success
        assert told["page"].startswith(f"{told['url']}/#sign-in=lmn_")
        assert told["home"] == str(folder / "limner-data")


def test_an_upload_that_was_answered_outlives_a_kill_of_the_server(serve):
    server = serve()
    key, typed = server.headers, {"Content-Type": "image/png"}
    png = checkerboard(32, 16, 1)
    told = httpx.post(f"{server.url}/inputs", content=png, headers=key | typed, timeout=30).json()
    kill_group(server.process)
    url = serve().url
    content = httpx.get(f"{url}{told['url']}", headers=key, timeout=30)
    assert (content.status_code, len(content.content)) == (200, told["bytes"])
    body = {"prompt": "in winter", "inputs": [{"role": "image", "input": told["id"]}]}
    job = httpx.post(f"{url}/images", json=body, headers=key | {"Prefer": "wait=20"}, timeout=30).json()
    assert (job["state"], job["request"]["width"]) == ("succeeded", 32)


def test_commands_that_a_service_prints_are_right_wherever_they_are_typed(monkeypatch, tmp_path):
    """systemd and containers start in /, below which everything lies."""
    script = tmp_path / "limner"
    monkeypatch.setattr("sys.argv", [str(script), "serve"])
    monkeypatch.chdir("/")
    assert own_command() == str(script)
    monkeypatch.chdir(tmp_path)
    assert own_command() == "limner"
