"""A test that needs a GPU cannot be passed by a machine that was to have one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gpu_marker import no_gpu_here

TESTS = Path(__file__).parents[1]


@pytest.mark.skipif(no_gpu_here() is None, reason="there is a GPU here: nothing is left out")
@pytest.mark.parametrize("required", ["", "1"])
def test_without_a_gpu_its_tests_are_skipped_and_fail_where_one_is_required(
    tmp_path: Path, required: str
) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["gpu_marker"]\n')
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n@pytest.mark.gpu\ndef test_it() -> None:\n    pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = gpu: needs one\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rsf", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "REQUIRE_GPU": required, "PYTHONPATH": str(TESTS)},
        check=False,
    )
    if required:
        assert done.returncode == 1
        assert "REQUIRE_GPU=1" in done.stdout
    else:
        assert done.returncode == 0
        assert "1 skipped" in done.stdout
