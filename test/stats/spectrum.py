"""Spectra of coloured noise by SciPy, compared with the line of its slope and with the response of its filter.

stdin: JSON {file, frames, kind, rate, low, slope}; the file has raw float32 of two channels, one after the other.
stdout: JSON of figures. Most are in standard errors. These follow from the spectrum, because coloured noise has fewer
independent values than white noise.
"""

import json
import sys

import numpy as np
from scipy import signal

sys.path.insert(0, sys.argv[1])
from specification import OCTAVE, Color  # noqa: E402

WINDOW = 4096  # frames around a border of blocks


def density(color, frequencies, rate):
    """The density of the filter's noise at frequencies in Hz, one-sided. Its power is 1."""
    x = np.exp(-2j * np.pi * frequencies / rate)
    response = color.gain * np.prod([(1 - z * x) / (1 - p * x) for p, z in color.sections], axis=0)
    return np.abs(response) ** (2 * color.stages) * 2 / rate


def normal(averages, ratio):
    """Ratios of densities to their expectations, from so many periodograms, as normal figures (Wilson and Hilferty)."""
    variance = 2 / (9 * 2 * averages)
    return (np.cbrt(ratio) - (1 - variance)) / np.sqrt(variance)


def farthest(figures):
    figures = np.where(np.isfinite(figures), figures, np.inf)
    return {"count": len(figures), "farthest": float(figures[np.argmax(np.abs(figures))])}


def welch(values, rate, length):
    """SciPy's estimate, a part of the values at a time, and the number of periodograms that are independent."""
    sums, count = 0, 0
    for at in range(0, len(values) - length + 1, 32 * length):
        part = values[at : at + 32 * length].astype(np.float64)
        segments = len(part) // (length // 2) - 1
        if segments > 0:
            frequencies, one = signal.welch(part, rate, nperseg=length, detrend=False)
            sums, count = sums + segments * one, count + segments
    # The squares of neighbours, which overlap by half, correlate by (1/6)^2.
    return frequencies, sums / count, count / (1 + 2 / 36)


def of_lines(values, job, color):
    """The slope, the bands of a third of an octave, and every line of the spectrum."""
    rate, low, high = job["rate"], job["low"], 0.45 * job["rate"]
    narrowest = low * (2 ** (1 / 3) - 1)
    length = 2 ** int(np.ceil(np.log2(6 * rate / narrowest)))
    frequencies, measured, averages = welch(values, rate, length)
    # What the window smears of the steepest spectra is outside these.
    inside = (frequencies >= low) & (frequencies <= high)
    ratio = measured[inside] / density(color, frequencies[inside], rate)

    count = int(3 * np.log2(high / low))
    edges = low * 2 ** (np.arange(count + 1) / 3)
    band = np.digitize(frequencies, edges) - 1
    line = np.zeros(len(frequencies))
    line[1:] = (frequencies[1:] / low) ** (job["slope"] / OCTAVE)
    decibels = np.array([10 * np.log10(measured[band == i].sum() / line[band == i].sum()) for i in range(count)])
    errors = 10 / np.log(10) / np.sqrt(len(values) / rate * np.diff(edges))
    octaves = (np.arange(count) + 0.5) / 3
    (slope, _), covariance = np.polyfit(octaves, decibels, 1, w=1 / errors, cov="unscaled")
    off = decibels - np.average(decibels, weights=1 / errors**2)
    return {
        "slope": float(slope + job["slope"]),
        "slopeError": float(np.sqrt(covariance[0, 0])),
        "bands": off.tolist(),
        "errors": errors.tolist(),
        "lines": farthest(normal(averages, ratio)),
    }


def of_seams(values, job, color):
    """The spectrum of windows that have a border of blocks in their middle."""
    rate = job["rate"]
    taper = signal.windows.blackmanharris(WINDOW, sym=False)
    sums = 0
    borders = range(color.block, len(values) - WINDOW, color.block)
    for at in borders:
        sums = sums + np.abs(np.fft.rfft(taper * values[at - WINDOW // 2 : at + WINDOW // 2])) ** 2
    # The expectation is the density, folded with the spectrum of the window.
    fine = 64
    line = rate / WINDOW
    side = np.abs(np.fft.rfft(taper, fine * WINDOW)[: 16 * fine + 1]) ** 2
    kernel = np.concatenate([side[:0:-1], side])
    grid = np.arange(-16 * fine, fine * (WINDOW // 2 + 16) + 1) * line / fine
    folded = np.convolve(density(color, grid, rate) / 2, kernel, "valid")[::fine] / fine * line
    inside = slice(16, int(0.45 * WINDOW))
    return {"seams": farthest(normal(len(borders), (sums / len(borders) / folded)[inside]))}


def figures(job):
    rate, frames = job["rate"], job["frames"]
    channels = np.memmap(job["file"], np.float32).reshape(2, frames)
    color = Color(job["slope"], job["low"], rate)
    # Of the mean of products of two such signals, the variance is the integral of the product of their densities,
    # two-sided, over the time. That of a square is twice as large.
    grid = np.concatenate([[0], np.geomspace(job["low"] / 1e4, rate / 2, 400_001)])
    square = np.trapz(density(color, grid, rate) ** 2, grid) / 2
    error = np.sqrt(square / (frames / rate))
    sums = np.zeros(3)
    for at in range(0, frames, 2**20):
        a, b = channels[:, at : at + 2**20].astype(np.float64)
        sums += [a.sum(), a @ a, a @ b]
    mean, power, product = sums / frames
    return {
        "power": float((power - 1) / (np.sqrt(2) * error)),
        # There is no power at 0 Hz, so the mean is smaller than that of white noise.
        "mean": float(mean * np.sqrt(frames)),
        "channels": float(product / error),
        **of_lines(channels[0], job, color),
        **of_seams(channels[0], job, color),
    }


if __name__ == "__main__":
    json.dump(figures(json.load(sys.stdin)), sys.stdout)
