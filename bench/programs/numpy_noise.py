"""Measures how NumPy makes noise: the best time in ns a sample, of 40 runs over a megabyte of it.

    python3 numpy_noise.py KIND [SLOPE]

KIND is gaussian, uniform or color. SLOPE is that of the spectrum of color in dB an octave. For color,
white noise is made, and its spectrum is multiplied by the power of the frequency, which is computed
once, so that the standard deviation is 1. Unlike noisemill's, such noise cannot be continued.
"""

import json
import sys
import time

import numpy as np

SAMPLES = 4096 * 64
RUNS = 40

generator = np.random.default_rng(1)
out = np.empty(SAMPLES, np.float32)


def gaussian():
    generator.standard_normal(out=out, dtype=np.float32)


def uniform():
    generator.random(out=out, dtype=np.float32)
    np.subtract(out, 0.5, out=out)
    np.multiply(out, 12**0.5, out=out)


def color(slope):
    power = slope / 2 / (10 * np.log10(2))
    factors = np.maximum(np.fft.rfftfreq(SAMPLES), 20 / 48000) ** power
    factors /= np.sqrt(np.mean(factors**2))
    # From version 2 on, NumPy transforms single precision in single precision.
    factors = factors.astype(np.float32)

    def fill():
        generator.standard_normal(out=out, dtype=np.float32)
        spectrum = np.fft.rfft(out)
        spectrum *= factors
        out[:] = np.fft.irfft(spectrum)

    return fill


kind, *rest = sys.argv[1:]
fill = color(float(rest[0])) if kind == "color" else {"gaussian": gaussian, "uniform": uniform}[kind]
best = float("inf")
for _ in range(RUNS):
    started = time.perf_counter()
    fill()
    best = min(best, time.perf_counter() - started)
print(json.dumps({"value": best * 1e9 / SAMPLES}))
