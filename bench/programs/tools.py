"""Adds noise to the files of a folder as the package audiomentations does it.

    python3 tools.py loop|Pool CLEAN OUT JOBS SIGMA

Its AddGaussianNoise draws noise in double precision by np.random.randn, converts it to single
precision, and adds a multiple of it. It does not clip; this program does, as all others do.
"""

import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from scipy.io import wavfile

AMPLITUDE = float(sys.argv[5])


def augment(out, file):
    rate, samples = wavfile.read(file)
    noise = np.random.randn(*samples.shape).astype(np.float32)
    noisy = samples + AMPLITUDE * noise
    wavfile.write(out / file.name, rate, np.clip(noisy, -1.0, 1.0))


def start_process():
    # Processes that are forked would otherwise all draw the same numbers.
    np.random.seed()


def main(way, clean, out, jobs):
    files = sorted(Path(clean).glob("*.wav"))
    work = partial(augment, Path(out))
    if way == "loop":
        for file in files:
            work(file)
    else:
        with Pool(int(jobs), initializer=start_process) as pool:
            pool.map(work, files, chunksize=1)


if __name__ == "__main__":
    main(*sys.argv[1:5])
