"""Matrices kept on a device, and lent to whichever thread works there next.

Threads have a stream each. The memory of a tensor that nobody holds any more goes back to the
stream it was made on, which may write over it while another stream still reads it: that one's
work was only queued. So each borrower's stream is told to torch, which then waits for it.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVarTuple

import torch
from torch import Tensor

Known = TypeVarTuple("Known")


def kept(most: int) -> Callable[[Callable[[*Known], Tensor]], Callable[[*Known], Tensor]]:
    """Keep the latest matrices that a function made, so many of them."""

    def of(make: Callable[[*Known], Tensor]) -> Callable[[*Known], Tensor]:
        remembered = lru_cache(maxsize=most)(make)

        @wraps(make)
        def lent(*known: *Known) -> Tensor:
            matrix: Tensor = remembered(*known)
            if matrix.is_cuda:
                matrix.record_stream(torch.cuda.current_stream(matrix.device))
            return matrix

        return lent

    return of
