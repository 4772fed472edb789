"""The noise stream a second time, written from docs/numerics.md alone, in plain NumPy.

stdin: a JSON list of jobs {input, output, seed, path, copy, sigma or snr, clip}; a level is a number or [low, high];
a job may have a kind and its parameters {name: value}.
stdout: a JSON list of {sigma, snr, clipped}, one a job. Reads little-endian RIFF files, and trusts them.
"""

import hashlib
import json
import math
import struct
import sys

import numpy as np

F32, F64, I32, U32 = np.float32, np.float64, np.int32, np.uint32

BLOCK = 4096  # frames
LANES = 16
STEPS = BLOCK // (2 * LANES)


def file_key(seed, path, copy):
    parts = [b"noisemill", b"1", str(seed).encode(), path.encode(), str(copy).encode()]
    return struct.unpack("<II", hashlib.sha256(b"\0".join(parts)).digest()[:8])


def philox(counter, key):
    """Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", over arrays of counters."""
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = key
    low = np.uint64(0xFFFFFFFF)
    high = np.uint64(32)
    for _ in range(10):
        first = c0 * np.uint64(0xD2511F53)
        second = c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (second >> high) ^ c1 ^ np.uint64(k0), second & low, (first >> high) ^ c3 ^ np.uint64(k1), first & low
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [word.astype(U32) for word in (c0, c1, c2, c3)]


def rotl(word, count):
    return (word << U32(count)) | (word >> U32(32 - count))


def words(blocks, steps, channels, key):
    """The words of as many steps of these blocks: blocks x channels x steps x (A, B) x lanes."""
    block, channel, lane = np.meshgrid(blocks, channels, np.arange(LANES), indexing="ij")
    s0, s1, s2, s3 = philox((block & 0xFFFFFFFF, (block >> 32) & 0xFFFFFFFF, channel, lane), key)
    s0[(s0 | s1 | s2 | s3) == 0] = 1
    out = np.empty((*block.shape[:2], 2 * steps, LANES), U32)
    for draw in range(2 * steps):
        out[:, :, draw, :] = rotl(s0 + s3, 7) + s0
        t = s1 << U32(9)
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = rotl(s3, 11)
    return out.reshape(*block.shape[:2], steps, 2, LANES)


def constants(*patterns):
    return np.array(patterns, U32).view(F32)


A = constants(0xC0000000, 0x3F7FFFFD, 0xBF2AAB7A, 0x3F00024D, 0xBECC6960, 0x3EA9AE97, 0xBE98C293, 0x3E928253, 0xBE32E3C0)
S = constants(0x3FC90FDB, 0xBF255DE1, 0x3DA33458, 0xBB992666, 0x391ED801)
C = constants(0x3F800000, 0xBF9DE9D8, 0x3E81DED5, 0xBCAA820D, 0x3A615CD2)
(L,) = constants(0xBFB17218)


def horner(coefficients, x):
    """Every operation is one float32 ufunc on float32 arrays, so each rounds once and none is fused."""
    p = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        p = p * x + coefficient
    return p


def gaussians(a, b):
    """The values by cosine and by sine."""
    v = (a >> U32(1)).astype(F32) + F32(0.5)
    bits = v.view(I32)
    e = (bits - I32(0x3F3504F3)) & I32(-0x800000)
    f = (bits - e).view(F32) - F32(1)
    f2 = f * f
    upper = (A[8] * f2 + (A[7] * f + A[6])) * f2 + (A[5] * f + A[4])
    p = upper * (f2 * f2) + ((A[3] * f + A[2]) * f2 + (A[1] * f + A[0]))
    r = np.sqrt(((e >> I32(23)) - I32(31)).astype(F32) * L + p * f)
    w = (b << U32(1)).view(I32).astype(F32) * F32(2**-31)
    z = w * w
    signed = (r.view(U32) ^ (b & U32(0x80000000))).view(F32)
    return signed * horner(C, z), signed * (horner(S, z) * w)


def gaussian(first, frames, channels, key):
    """Gaussian noise from the first frame of a block on, frames x channels of float32."""
    steps = min(STEPS, -(-frames // (2 * LANES)))
    drawn = words(first // BLOCK + np.arange(-(-frames // BLOCK)), steps, channels, key)
    pairs = np.stack(gaussians(drawn[:, :, :, 0], drawn[:, :, :, 1]), axis=3)  # block, channel, step, cosine or sine, lane
    return pairs.transpose(0, 2, 3, 4, 1).reshape(-1, len(channels))[:frames]


(U,) = constants(0x345DB3D7)


def uniform(first, frames, channels, key):
    """Uniform noise, in the same form."""
    drawn = words(first // BLOCK + np.arange(-(-frames // BLOCK)), STEPS, channels, key)
    values = ((drawn.view(I32) >> I32(8)).astype(F32) + F32(0.5)) * U
    return values.transpose(0, 2, 3, 4, 1).reshape(-1, len(channels))[:frames]


OCTAVE = 3.010299956639812
SLOPES = {"pink": -OCTAVE, "brown": -2 * OCTAVE, "blue": OCTAVE, "violet": 2 * OCTAVE}


def pole(s):
    return 1 / (1 + s * s / 2 + s * math.sqrt(1 + s * s / 4))


class Color:
    """The filter of coloured noise."""

    def __init__(self, slope, low, rate):
        whole = abs(slope) / OCTAVE
        self.stages = 2 if whole > 2 else 1
        b = whole / self.stages
        lowest = 6.283185307179586 * low / rate
        ratio = exp2(b / 2 * 2.321928094887362)
        pairs = []
        x = lowest / (5 if slope > 0 else 3) * 5 / ratio
        e = x * x * (ratio * ratio - 1) / 24
        while x < 32:
            pairs.append((pole(x), pole(x * ratio)))
            x *= 5
        pairs.append((-0.06782273813872931, -(0.06782273813872931 + b * (0.04984167892861449 + 0.005311646241446677 * b))))
        pairs.append((-0.5167987512275825, -(0.5167987512275825 + b * (0.03801228598389989 + -0.005325429316709107 * b))))
        if slope > 0:
            pairs = [(z, p) for p, z in pairs]
        d, m = lowest / 5, lowest / 4
        pairs.append((pole(m), pole(math.sqrt(m * m + d * d + (-e if slope > 0 else e)))))
        pairs.append((pole(d), 1.0))
        p, z = zip(*pairs)
        self.sections = pairs
        n = range(len(p))

        c = []
        for k in n:
            residue = p[k] - z[k]
            for j in n:
                if j != k:
                    residue = residue * (p[k] - z[j]) / (p[k] - p[j])
            c.append(residue)
        power = 1.0
        for k in n:
            for l in n:
                power += c[k] * c[l] / (1 - p[k] * p[l])
        if self.stages == 2:
            a = []
            for k in n:
                total = 1.0
                for l in n:
                    total += c[l] * p[k] / (1 - p[k] * p[l])
                a.append(c[k] * total)
            total = 0.0
            for k in n:
                for l in n:
                    total += a[k] * a[l] / (1 - p[k] * p[l])
            power = math.sqrt(power * power + 2 * total)
        self.gain = 1 / math.sqrt(power)
        lanes = -(-len(p) // 4) * 4
        self.poles = np.array(p + (0.0,) * (lanes - len(p)))
        self.inputs = np.array([one * self.gain for one in c] + [0.0] * (lanes - len(p)))
        self.warm_up = BLOCK * math.ceil((80, 100)[self.stages - 1] / lowest / BLOCK)
        self.block = BLOCK
        while self.block < 4 * self.warm_up:
            self.block *= 2

    def run(self, values):
        """One stage, from zero: blocks x frames x channels."""
        out = np.empty_like(values)
        state = np.zeros((*values[:, 0].shape, len(self.poles)))
        for i in range(values.shape[1]):
            w = values[:, i].astype(F64)
            t = state[..., :4]
            for group in range(4, len(self.poles), 4):
                t = t + state[..., group : group + 4]
            out[:, i] = (self.gain * w + ((t[..., 0] + t[..., 2]) + (t[..., 1] + t[..., 3]))).astype(F32)
            state = self.poles * state + self.inputs * w[..., None]
        return out


def colored(color, first, frames, channels, key):
    """Coloured noise from any frame on, in the same form."""
    starts = range(first // color.block * color.block, first + frames, color.block)
    length = min(color.block, first + frames - starts[0])
    values = np.stack([gaussian(at - color.warm_up, color.warm_up + length, channels, key) for at in starts])
    for _ in range(color.stages):
        values = color.run(values)
    return values[:, color.warm_up :].reshape(-1, len(channels))[first - starts[0] :][:frames]


def noise(first, frames, channels, key, kind, parameters, rate):
    """Noise from the first frame of a block on, frames x channels of float32."""
    if kind in ("gaussian", "uniform"):
        return {"gaussian": gaussian, "uniform": uniform}[kind](first, frames, channels, key)
    slope = SLOPES[kind] if kind in SLOPES else parameters.get("slope", -3)
    return colored(Color(slope, parameters.get("low", 20), rate), first, frames, channels, key)


def energy(values, channels):
    """The sum of squares of interleaved float64 values; `accumulate` adds strictly one after the other."""
    size = BLOCK * channels
    padded = np.zeros(-(-len(values) // size) * size)
    padded[: len(values)] = values
    sums = np.add.accumulate((padded * padded).reshape(-1, size // LANES, LANES), axis=1)[:, -1]
    for half in (8, 4, 2, 1):
        sums = sums[:, :half] + sums[:, half:]
    total = 0.0
    for block in sums[:, 0].tolist():
        total += block
    return total


def exp2(y):
    whole = math.floor(y + 0.5)
    x = (y - whole) * math.log(2)
    p = 1.0
    for n in range(16, 0, -1):
        p = 1 + p * x / n
    for _ in range(abs(whole)):
        p = p * 2 if whole > 0 else p / 2
    return p


def gain(snr):
    return exp2(-snr * 0.16609640474436813)


def drawn_level(level, key):
    if not isinstance(level, list):
        return level
    p0, p1 = (int(word) for word in philox((0, 0, 0, 0xFFFFFFFF), key)[:2])
    low, high = level
    return low + (high - low) * (((p0 >> 5) * 2**26 + (p1 >> 6)) / 2**53)


def sigma_of(job, key, power):
    if "sigma" in job:
        return drawn_level(job["sigma"], key)
    return math.sqrt(power) * gain(drawn_level(job["snr"], key))


class Pcm:
    """Integers in little-endian bytes, of which the upper bits may alone be valid."""

    def __init__(self, bits, valid):
        self.bits = bits
        self.type = F64 if bits == 32 else F32
        self.scale = 2.0 ** (bits - 1)
        self.grid = 2.0 ** (valid - 1)

    def decode(self, data):
        size = self.bits // 8
        padded = np.zeros((len(data) // size, 4), np.uint8)
        padded[:, 4 - size :] = np.frombuffer(data, np.uint8).reshape(-1, size)
        if self.bits == 8:
            padded[:, 3] ^= 128  # less 128, in two's complement
        integers = padded.reshape(-1).view("<i4") >> I32(32 - self.bits)
        return integers.astype(self.type) / self.type(self.scale)

    def encode(self, y, _raw, _clip):
        rounded = np.rint(y * self.type(self.grid))
        integers = np.clip(rounded, -self.grid, self.grid - 1)
        stored = integers.astype(np.int64) * int(self.scale / self.grid) + (128 if self.bits == 8 else 0)
        data = stored.astype("<i8").view(np.uint8).reshape(-1, 8)[:, : self.bits // 8].tobytes()
        return data, integers.astype(F64) / self.grid, int(np.count_nonzero(integers != rounded))


class Float:
    """IEEE 754 numbers."""

    def __init__(self, bits):
        self.type = F64 if bits == 64 else F32
        self.stored = "<f8" if bits == 64 else "<f4"

    def decode(self, data):
        return np.frombuffer(data, self.stored)

    def encode(self, y, raw, clip):
        finite = np.isfinite(raw)
        written = np.clip(y, self.type(-1), self.type(1)) if clip else y
        data = raw.copy()
        data[finite] = written[finite]  # NaNs are never touched, so none can be quieted
        return data.tobytes(), written.astype(F64), int(np.count_nonzero((written != y) & finite))


def turned(data, size, order):
    """The bytes of each sample in the other order, for RIFX."""
    if order == "<":
        return data
    return np.frombuffer(data, np.uint8).reshape(-1, size)[:, ::-1].tobytes()


def run(job):
    with open(job["input"].encode(), "rb") as file:
        wav = file.read()
    order = ">" if wav[:4] == b"RIFX" else "<"
    at, fmt = 12, b""
    while wav[at : at + 4] != b"data":
        (size,) = struct.unpack_from(order + "I", wav, at + 4)
        if wav[at : at + 4] == b"fmt ":
            fmt = wav[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    (size,) = struct.unpack_from(order + "I", wav, at + 4)
    start = at + 8
    if wav[:4] in (b"RF64", b"BW64"):
        (size,) = struct.unpack_from("<Q", wav, 28)
    tag, channels, rate, _, _, bits = struct.unpack_from(order + "HHIIHH", fmt)
    valid = bits
    if tag == 0xFFFE:
        valid, _, tag = struct.unpack_from(order + "HII", fmt, 18)
    bits = -(-bits // 8) * 8
    codec = Pcm(bits, valid) if tag == 1 else Float(bits)

    original = turned(wav[start : start + size], bits // 8, order)
    x = codec.decode(original)
    finite = np.isfinite(x)
    samples = np.where(finite, x, 0).astype(F64)
    signal = energy(samples, channels)
    key = file_key(job["seed"], job["path"], job["copy"])
    sigma = sigma_of(job, key, signal / max(1, np.count_nonzero(finite)))

    kind, parameters = job.get("kind", "gaussian"), job.get("parameters", {})
    g = noise(0, len(x) // channels, np.arange(channels), key, kind, parameters, rate).reshape(-1)
    if "snr" in job and kind != "gaussian" and sigma != 0:
        sigma = sigma / math.sqrt(energy(np.where(finite, g, 0).astype(F64), channels) / np.count_nonzero(finite))

    data, written, clipped = original, samples, 0
    if sigma != 0:
        g = g.astype(codec.type)
        data, written, clipped = codec.encode(x + codec.type(sigma) * g, x, job["clip"])
    with open(job["output"].encode(), "wb") as file:
        file.write(wav[:start] + turned(data, bits // 8, order) + wav[start + size :])

    added = energy(np.where(finite, written - samples, 0), channels)
    snr = 10 * math.log10(signal / added) if signal > 0 and added > 0 else None
    return {"sigma": float(sigma), "snr": snr, "clipped": clipped}


if __name__ == "__main__":
    np.seterr(all="ignore")  # NaN and infinities are among the samples
    json.dump([run(job) for job in json.load(sys.stdin.buffer)], sys.stdout)
