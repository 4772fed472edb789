"""Measures the active speech level of WAV files.

Written from the steps of ITU-T Recommendation P.56 (12/2011), method B (section 8), and from
nothing of noisemill: it is an independent check of what noisemill reports.

1. Process 1 adds up the squares of the samples.
2. Process 2 smooths the rectified signal twice with g = exp(-1 / (f * T)), T = 0.03 s.
3. Each threshold counts the samples at which the envelope reaches it, and those of a hangover of
   0.2 s (rounded up to whole samples) after each of them. Thresholds are a factor of 2 apart.
4. The power of the whole signal, divided by the activity at threshold C, is an estimate A of the
   active level. The active level is the A that is the margin, 15.9 dB, above its threshold. It is
   interpolated between two thresholds, in dB.

The Recommendation has 15 thresholds, from half of the full scale down, for 16-bit samples. This
script continues them in both directions, for samples that are floating point.

    python3 active_level.py FILE...

prints a JSON array with an object for each file. Levels are in dB of full scale: a signal of
samples that are all 1 has 0 dB. A level is null if no A is the margin above its threshold.
"""

import json
import math
import sys
import warnings

import numpy
from scipy.io import wavfile
from scipy.signal import lfilter

TIME_CONSTANT = 0.03
MARGIN = 15.9
THRESHOLDS = [2.0**exponent for exponent in range(-40, 31)]


def envelope(samples, rate):
    """The rectified signal after two equal first-order smoothings that begin at zero."""
    g = math.exp(-1 / (rate * TIME_CONSTANT))
    once = lfilter([1 - g], [1, -g], numpy.abs(samples))
    return lfilter([1 - g], [1, -g], once)


def active_samples(q, threshold, hangover):
    """How many samples are active: a sample at or above the threshold, and `hangover` more after it."""
    above = numpy.flatnonzero(q >= threshold)
    if len(above) == 0:
        return 0
    until_next = numpy.diff(numpy.append(above, len(q)))
    return int(numpy.minimum(until_next, hangover + 1).sum())


def active_level(samples, rate):
    """The active level in dB of full scale, and the activity from 0 to 1, of one channel."""
    squares = float(numpy.sum(samples * samples))
    if squares == 0:
        return None, 0.0
    q = envelope(samples, rate)
    hangover = -(-rate // 5)
    below = None
    for threshold in THRESHOLDS:
        count = active_samples(q, threshold, hangover)
        if count == 0:
            break
        level = 10 * math.log10(squares / count)
        excess = level - 20 * math.log10(threshold)
        if excess <= MARGIN:
            if below is not None:
                lower_level, lower_excess = below
                share = (lower_excess - MARGIN) / (lower_excess - excess)
                level = lower_level + share * (level - lower_level)
            mean = 10 * math.log10(squares / len(samples))
            return level, 10 ** ((mean - level) / 10)
        below = level, excess
    return None, 0.0


def read(path):
    """The rate of a file, and its samples as a column for each channel, with full scale 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavfile.WavFileWarning)
        rate, samples = wavfile.read(path)
    if samples.dtype == numpy.uint8:
        samples = (samples.astype(numpy.float64) - 128) / 128
    elif samples.dtype.kind == "i":
        samples = samples.astype(numpy.float64) / -float(numpy.iinfo(samples.dtype).min)
    else:
        samples = samples.astype(numpy.float64)
    return rate, samples.reshape(len(samples), -1)


def measure(path):
    """What is printed for a file."""
    rate, samples = read(path)
    channels = []
    for column in samples.T:
        level, activity = active_level(column, rate)
        power = float(numpy.mean(column * column)) if len(column) > 0 else 0.0
        channels.append({"level": level, "activity": activity, "power": power})
    return {"path": path, "rate": rate, "frames": len(samples), "channels": channels}


if __name__ == "__main__":
    print(json.dumps([measure(path) for path in sys.argv[1:]]))
