"""Who belongs to the control group: decided by a stable hash, the same for good."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_STEP = np.uint64(0x9E3779B97F4A7C15)


def position(experiment: str, customer_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Place each customer in [0, 1), uniformly and independently per experiment.

    SplitMix64 (Steele, Lea and Flood 2014) of the id, seeded by the experiment's name. Widening a share
    keeps everybody who was inside it.
    """
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is the point
        seed = np.uint64(zlib.crc32(experiment.encode())) * _STEP
        z = customer_ids.astype(np.uint64) * _STEP + seed
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)) / float(1 << 53)


def in_control(experiment: str, customer_ids: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Tell which customers hear nothing from this campaign, so that its effect can be seen."""
    return position(experiment, customer_ids) < share
