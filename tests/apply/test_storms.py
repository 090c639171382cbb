"""Short runs of the two long scripts: a process that is killed, and one that is interfered with."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize(("script", "rounds"), [("kill_storm.py", "12"), ("adversary.py", "60")])
def test_nothing_is_lost_in_a_storm(swift_path: Path, script: str, rounds: str) -> None:
    command = [sys.executable, HERE / script, "--rounds", rounds, "--folder", swift_path]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "lost: 0" in ran.stdout
