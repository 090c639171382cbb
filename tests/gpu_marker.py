"""Where the suite runs: every device test on the CPU, and on a GPU where there is one.

A test marked `gpu` is skipped where torch sees no GPU; with REQUIRE_GPU=1 it fails there instead,
so that a machine that should have one cannot pass by leaving it out.
"""

import importlib.util
import os

import pytest


def no_gpu_here() -> str | None:
    """Return why no GPU can be used here, None where one can."""
    if importlib.util.find_spec("torch") is None:
        return "torch is not installed"
    import torch

    return None if torch.cuda.is_available() else "torch sees no GPU"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") is None:
        return
    why = no_gpu_here()
    if why is None:
        return
    if os.environ.get("REQUIRE_GPU") == "1":
        pytest.fail(f"REQUIRE_GPU=1, but {why}", pytrace=False)
    pytest.skip(f"needs an NVIDIA GPU: {why}")


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    """The name of a device, for torch: one test, two devices."""
    pytest.importorskip("torch", reason="torch is not installed")
    return str(request.param)
