"""The generator: published answers, exact distributions, streams that are never renumbered."""

import numpy as np
import pytest
from scipy import special, stats

from sim.compiled import njit
from sim.draws import Stream, exponential, normal, normal_quantile, pareto, philox, uniform

ZERO, ONES = (0,) * 6, (0xFFFFFFFF,) * 6
PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)


@njit
def _philox(words):
    return philox(words[0], words[1], words[2], words[3], words[4], words[5])


@njit
def _many(kind, seed, stream, count):
    drawn = np.empty(count)
    for i in range(count):
        if kind == 0:
            drawn[i] = uniform(seed, stream, i, 0)
        elif kind == 1:
            drawn[i] = exponential(seed, stream, i, 0)
        else:
            drawn[i] = normal(seed, stream, i, 0)
    return drawn


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (ZERO, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (ONES, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (PI, "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_published_answers(words, answer):  # Random123's kat_vectors, philox4x32-10
    assert " ".join(f"{int(word):08x}" for word in _philox(np.array(words, np.uint32))) == answer


@pytest.mark.parametrize(("kind", "law"), [(0, stats.uniform), (1, stats.expon), (2, stats.norm)])
def test_draws_follow_their_law(kind, law):  # Kolmogorov-Smirnov on a fixed key: p > .001 is a property of this key
    assert stats.kstest(_many(kind, 7, Stream.STAKE, 50_000), law.cdf).pvalue > 0.001


def test_normal_quantile_is_exact():
    p = np.concatenate([np.logspace(-300, -1, 200), np.linspace(0.1, 0.9, 200), 1 - np.logspace(-15, -1, 100)])
    assert max(abs(normal_quantile(x) - special.ndtri(x)) / max(1.0, abs(special.ndtri(x))) for x in p) < 1e-14


def test_pareto_mean_is_alpha_over_alpha_less_one():  # 4 standard errors; alpha 4 so that the variance is finite
    drawn = pareto(_many(0, 3, Stream.STAKE, 50_000), 4.0)
    assert abs(drawn.mean() - 4 / 3) < 4 * drawn.std() / np.sqrt(len(drawn))


@pytest.mark.parametrize("other", [(8, Stream.STAKE), (7 + (1 << 32), Stream.STAKE), (7, Stream.MERIT)])
def test_neighbouring_seeds_replications_and_streams_are_unrelated(other):  # |r| < 4/sqrt(n)
    one, two = _many(0, 7, Stream.STAKE, 50_000), _many(0, *other, 50_000)
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(50_000)


def test_stream_numbers_are_append_only():  # a renumbered stream changes every result
    assert [stream.value for stream in Stream] == [*range(1, 63), 64, *range(96, 111)]
    assert (Stream.BIRTH, Stream.MERIT, Stream.JUDGEMENT, Stream.CHILD) == (1, 6, 9, 31)
