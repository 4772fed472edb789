"""Draws docs/noise.svg: the spectra of what `noisemill add` writes, by SciPy's method of Welch.

    npm run build && /usr/bin/python3 scripts/noise-picture.py

It adds each kind to two minutes of silence at 48 kHz. The lines beside the curves have the slopes
that were asked for.
"""

import pathlib
import subprocess
import tempfile

import matplotlib
import numpy
from scipy.io import wavfile
from scipy.signal import welch

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "noisemill"
import matplotlib.pyplot as plot  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
RATE = 48_000
SECONDS = 120
KINDS = {
    "violet": 6.0206,
    "blue": 3.0103,
    "gaussian": 0,
    "uniform": 0,
    "pink": -3.0103,
    "color --slope -4.5": -4.5,
    "brown": -6.0206,
}
COLORS = ["#8a4fbf", "#2f6fd0", "#5f6b76", "#9aa5ae", "#d6649b", "#c98b2b", "#8b5a2b"]


def spectrum(kind, folder):
    out = folder / kind.replace(" ", "")
    command = ["node", ROOT / "dist/cli/bin.cjs", "add", folder / "silence", "--out", out, "--sigma", "0.1"]
    subprocess.run([*command, "--seed", "1", "--no-clip", "--quiet", "--kind", *kind.split()], check=True)
    _, samples = wavfile.read(out / "silence.wav")
    frequencies, density = welch(samples.astype(float) / 0.1, RATE, nperseg=2**16)
    # Means over bands of a twelfth of an octave, because a line of single bins is too dense to see.
    edges = 2 ** numpy.arange(numpy.log2(2), numpy.log2(RATE / 2), 1 / 12)
    bands = [(low, high) for low, high in zip(edges, edges[1:]) if numpy.any((frequencies >= low) & (frequencies < high))]
    levels = [10 * numpy.log10(density[(frequencies >= low) & (frequencies < high)].mean()) for low, high in bands]
    return numpy.sqrt([low * high for low, high in bands]), numpy.array(levels)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "silence").mkdir()
    wavfile.write(folder / "silence/silence.wav", RATE, numpy.zeros(RATE * SECONDS, dtype=numpy.float32))
    figure, axes = plot.subplots(figsize=(8, 5.4))
    for (kind, slope), color in zip(KINDS.items(), COLORS):
        frequencies, levels = spectrum(kind, folder)
        axes.semilogx(frequencies, levels, color=color, label=f"{kind.split()[0]}, {slope:+.2f} dB an octave" if slope else kind)
        inside = (frequencies >= 20) & (frequencies <= 0.45 * RATE)
        line = slope * numpy.log2(frequencies[inside] / 1000)
        axes.semilogx(frequencies[inside], line + numpy.mean(levels[inside] - line), color=color, linewidth=4, alpha=0.25)
    axes.axvline(20, color="#888888", linewidth=0.8, linestyle=":")
    axes.axvline(0.45 * RATE, color="#888888", linewidth=0.8, linestyle=":")
    axes.set_xlim(2, RATE / 2)
    axes.set_xlabel("frequency, Hz")
    axes.set_ylabel("power density of noise of RMS 1, dB per Hz")
    axes.set_xticks([2, 20, 200, 2000, 20_000], ["2", "20", "200", "2,000", "20,000"])
    axes.grid(True, which="major", color="#dddddd", linewidth=0.6)
    axes.legend(fontsize=8, frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(ROOT / "docs/noise.svg", metadata={"Date": None, "Title": "Spectra of all kinds of noise"})
