"""Measures noisy files beside their clean ones, with NumPy and SciPy alone.

Reads lines "CLEAN<tab>NOISY" from stdin. Prints a JSON object for each: the SNR in dB, where the
mixture was lowered or raised by `gain`, found by least squares; the RMS and the largest magnitude of
the noisy file, in full-scale units; and the mean of the noise.
"""

import json
import sys

import numpy
from scipy.io import wavfile


def read(name):
    rate, samples = wavfile.read(name)
    scale = {"uint8": 128, "int16": 2**15, "int32": 2**31}.get(samples.dtype.name, 1)
    values = samples.astype(numpy.float64)
    return (values - 128 if samples.dtype == numpy.uint8 else values) / scale


for line in sys.stdin:
    clean_name, noisy_name, gain = line.rstrip("\n").split("\t")
    clean, noisy = read(clean_name), read(noisy_name)
    gain = float(gain)
    noise = noisy / gain - clean
    signal, added = numpy.sum(clean**2), numpy.sum(noise**2)
    print(
        json.dumps(
            {
                "snr": 10 * numpy.log10(signal / added) if signal > 0 and added > 0 else None,
                "noiseRms": numpy.sqrt(numpy.mean(noise**2)),
                "rms": numpy.sqrt(numpy.mean(noisy**2)),
                "peak": float(numpy.max(numpy.abs(noisy))),
            }
        )
    )
