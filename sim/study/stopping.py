"""Adaptive replications (being written)."""

from typing import Any, NamedTuple

import numpy as np

from sim.study.paired import interval

BATCH = 10


class Until(NamedTuple):
    """Stop when precise enough."""

    measure: str
    half_width: float
    least: int = 10
    most: int = 200

    def enough(self, differences: "np.ndarray[Any, Any]") -> bool:
        """Enough pairs?"""
        n = len(differences)
        if n >= self.most:
            return True
        known = differences[~np.isnan(differences)]
        mean, low, high = interval(known)
        return n >= self.least and high - mean <= self.half_width
