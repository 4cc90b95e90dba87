"""Adaptive replications: pairs are added, batch by batch, until the paired difference is known precisely enough."""

from dataclasses import dataclass

import numpy as np

from sim.study.paired import Array, interval

BATCH = 10  # pairs run between two looks


@dataclass(frozen=True)
class Until:
    """Stop when the 95 % interval of a measure's paired difference is at most ± half_width.

    The confidence interval method (Law, Simulation Modeling and Analysis, 2015, ch. 9.4.1) stops too early where the
    first pairs differ little by luck. So the interval has to be that narrow at two looks in a row (the look-ahead of
    Hoad, Robinson & Davies, Journal of the Operational Research Society 61, 2010), and pairs that differ all alike, as
    while nobody's twin has quit, do not count as precise. Drawn from 2 000 pairs of firms of 20 seats, in four worlds,
    intervals of the headlines cover the truth in 58 to 94 % of cases with one look alone, in 93 to 96 % like this.

    measure: its name. least, most: pairs. Two looks take two batches at least. Twins under the same rules, which never
    differ, take `most`.
    """

    measure: str
    half_width: float
    least: int = 10
    most: int = 200

    def enough(self, differences: Array) -> bool:
        """After the last batch: one difference a pair, in the order of replications, NaN where it is not defined."""
        if len(differences) >= self.most:
            return True
        return self._is_precise(differences[:-BATCH], least=2) and self._is_precise(differences, self.least)

    def _is_precise(self, differences: Array, least: int) -> bool:
        known = differences[~np.isnan(differences)]
        if len(known) < least or (known == known[0]).all():
            return False
        mean, _, high = interval(known)
        return high - mean <= self.half_width
