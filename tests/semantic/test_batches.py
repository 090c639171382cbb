"""What does not fit the memory is tried in halves, down to a single frame."""

import weakref

import pytest

torch = pytest.importorskip("torch", reason="the semantic tier needs torch")

from autodedup.engine.errors import GpuOutOfMemoryError  # noqa: E402
from autodedup.engine.semantic.batches import Batches  # noqa: E402


class SmallMemory:
    """A device whose memory holds so many frames at once."""

    def __init__(self, holds: int) -> None:
        self.holds = holds
        self.tried: list[int] = []

    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        self.tried.append(len(frames))
        if len(frames) > self.holds:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return frames.float() * 2


@pytest.mark.parametrize("holds", [1, 3, 7, 64])
def test_every_frame_is_done_once_and_in_order_whatever_the_memory(holds: int) -> None:
    frames = torch.arange(50).reshape(50, 1)
    assert torch.equal(Batches(SmallMemory(holds), at_once=32)(frames), frames.float() * 2)


def test_what_fitted_once_is_remembered() -> None:
    memory = SmallMemory(9)
    batches = Batches(memory, at_once=32)
    batches(torch.zeros(16, 1))
    assert batches.at_once == 8
    memory.tried.clear()
    batches(torch.zeros(16, 1))
    assert memory.tried == [8, 8]


def test_only_a_single_frame_that_does_not_fit_is_an_error() -> None:
    memory = SmallMemory(0)
    with pytest.raises(GpuOutOfMemoryError) as raised:
        Batches(memory, at_once=8)(torch.zeros(4, 1))
    assert memory.tried[-1] == 1
    assert raised.value.fact().retryable


def test_what_did_not_fit_is_free_before_fewer_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of the attempt holds on to all that was computed before it."""
    attempts: list[weakref.ref[torch.Tensor]] = []
    left: list[int] = []

    def work(frames: torch.Tensor) -> torch.Tensor:
        half_done = frames.float() + 1
        if len(frames) > 2:
            attempts.append(weakref.ref(half_done))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return half_done

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda,
        "empty_cache",
        lambda: left.append(sum(each() is not None for each in attempts)),
    )
    assert len(Batches(work, at_once=8)(torch.zeros(8, 1))) == 8
    assert left == [0, 0]
