"""Adds noise to the files of a folder in one of the ways of the talk, with Python.

    python3 talk.py WAY CLEAN OUT JOBS SIGMA

The ways that begin with `numpy` use NumPy well: a Generator for each file, noise in single
precision, and blocks that fit into the cache. The others use it as the talk does.
"""

import asyncio
import sys
from functools import partial
from multiprocessing import Pool
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
from scipy.io import wavfile

SIGMA = float(sys.argv[5])
SEED = 0
BLOCK_FRAMES = 65536


def transform(samples):
    samples += np.random.normal(scale=SIGMA, size=len(samples))
    return np.clip(samples, -1.0, 1.0)


def etl(out, file):
    rate, samples = wavfile.read(file)
    wavfile.write(out / file.name, rate, transform(samples))


async def etl_async(out, file, open_files):
    async with open_files:
        rate, samples = await asyncio.to_thread(wavfile.read, file)
        noisy = transform(samples)
        await asyncio.to_thread(wavfile.write, out / file.name, rate, noisy)


async def gather(out, files):
    # One file is read or written while noise is added to the other. More would only take memory.
    open_files = asyncio.Semaphore(2)
    await asyncio.gather(*(etl_async(out, file, open_files) for file in files))


def etl_numpy(out, numbered):
    number, file = numbered
    rate, samples = wavfile.read(file)
    generator = np.random.default_rng([SEED, number])
    noise = np.empty(BLOCK_FRAMES, np.float32)
    for first in range(0, len(samples), BLOCK_FRAMES):
        block = samples[first : first + BLOCK_FRAMES]
        part = noise[: len(block)]
        generator.standard_normal(dtype=np.float32, out=part)
        part *= SIGMA
        block += part
        np.clip(block, -1, 1, out=block)
    wavfile.write(out / file.name, rate, samples)


def main(way, clean, out, jobs):
    out = Path(out)
    files = sorted(Path(clean).glob("*.wav"))
    name, _, verb = way.partition("-")
    work, items = (partial(etl_numpy, out), list(enumerate(files))) if name == "numpy" else (partial(etl, out), files)
    if verb == "loop":
        for item in items:
            work(item)
    elif verb == "asyncio":
        asyncio.run(gather(out, files))
    elif verb == "threads":
        with ThreadPool(int(jobs)) as pool:
            list(pool.imap_unordered(work, items))
    else:
        with Pool(int(jobs)) as pool:
            # As in the talk, the size of chunks is Python's: 1, and for map a quarter of each process's share.
            list(getattr(pool, verb)(work, items))


if __name__ == "__main__":
    main(*sys.argv[1:5])
