"""Whether a GPU can be used here, and why not, without loading anything that is large."""

import ctypes
import importlib.util
import sys
from dataclasses import dataclass

from autodedup.engine.settings import Settings

_PACKAGES = ("torch", "onnx", "PyNvVideoCodec")


@dataclass(frozen=True, slots=True)
class GpuState:
    """Whether films are decoded on a GPU; `why` is a sentence for a person either way."""

    usable: bool
    why: str


def gpu_state(settings: Settings) -> GpuState:
    """Say whether a GPU is worth starting a process for.

    What this cannot see (a driver that is too old, a torch without CUDA) the process says itself.
    """
    if settings.device == "cpu":
        return GpuState(usable=False, why="the server was told to use the CPU")
    if not _driver_sees_one():
        return GpuState(usable=False, why="no NVIDIA GPU here")
    lacking = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if lacking:
        return GpuState(
            usable=False,
            why=f"there is a GPU, but {', '.join(lacking)} is not installed: autodedup[gpu]",
        )
    return GpuState(usable=True, why="an NVIDIA GPU decodes what it can; the CPU does the rest")


def _driver_sees_one() -> bool:
    """Ask the driver itself: importing torch would cost seconds and hundreds of megabytes."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return False
    count = ctypes.c_int(0)
    return (
        driver.cuInit(0) == 0
        and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        and (count.value > 0)
    )
