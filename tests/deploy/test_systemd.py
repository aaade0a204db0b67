"""The units are not started here: systemd's own tools read them."""

import re
import shutil
import subprocess

import pytest

from limner.settings import Settings
from tests.deploy.files import UNITS

EXPOSURE = 20
"""Of 100, as `systemd-analyze security` counts: what the units leave open is less."""


def analyze(*words):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_no_fault(unit, tmp_path):
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/limner/bin/limner", "/bin/true"))
    found = analyze("verify", copy)
    assert unit.name not in found.stderr, found.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_little_is_left_open(unit):
    found = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", unit)
    assert found.returncode == 0, found.stdout + found.stderr


def test_both_are_one_user_because_they_share_a_folder():
    users = {line for unit in UNITS for line in unit.read_text().splitlines() if line.startswith(("User=", "State"))}
    assert users == {"User=limner", "StateDirectory=limner", "StateDirectoryMode=0700"}
    assert not any("DynamicUser=yes" in unit.read_text() for unit in UNITS)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_waits_longer_than_it_drains(unit, tmp_path):
    grace = Settings(home=tmp_path).limits.drain_grace
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit.read_text())[1]) > grace
