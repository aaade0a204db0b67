"""Somebody else's distribution, built and installed as they would, and proved by the suites that we ship."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugins"
CHILD_ENGINE = """
import asyncio
from limner.plugins import engine_from_settings, list_plugins
from limner.testing.engine_suite import collect
from limner.testing.tasks import paint_task

async def main():
    engine = engine_from_settings("stripes", "stripes", {"isolated": True})
    await engine.open()
    print(type(engine).__name__, len(await collect(engine, paint_task(count=2))))
    await engine.close()

asyncio.run(main())
print([(plugin.kind, plugin.name, plugin.version) for plugin in list_plugins() if plugin.distribution == "limner-attic"])
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the distribution; building leaves nothing in the example."""
    folder = tmp_path_factory.mktemp("site")
    install = [*(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")]
    subprocess.run([*install, "--target", folder, EXAMPLE], check=True)
    return folder


def run(installed, *arguments, folder):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_suites_pass_on_both_plugins(installed, tmp_path):
    done = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "test_attic.py", folder=tmp_path)

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_the_engine_paints_in_a_child_and_both_are_listed(installed, tmp_path):
    done = run(installed, "-c", CHILD_ENGINE, folder=tmp_path)

    assert done.stdout.splitlines() == [
        "IsolatedEngine 2",
        "[('engine', 'stripes', '1.0.0'), ('storage', 'attic', '1.0.0')]",
    ], done.stderr


def test_the_engine_is_as_short_as_promised():
    lines = (EXAMPLE / "limner_attic" / "stripes.py").read_text().splitlines()

    assert len([line for line in lines if line.strip()]) <= 15
