import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { checkCopies, checkNoise, piecesOf } from '../../bench/harness/noise-check.js'
import { memoryFor, roomFor, writeSines } from '../../bench/workloads/sine-files.js'
import { sharedFolder } from '../support/folders.js'
import { Random } from '../support/random.js'

const FILES = { count: 3, seconds: 2 }
const SIGMA = 0.1
/** Bytes before the samples in the files that `writeSines` writes. */
const HEADER_BYTES = 58

const folder = sharedFolder()
const clean = path.join(folder, 'clean')
const out = path.join(folder, 'out')

beforeEach(() => {
  for (const each of [clean, out]) {
    rmSync(each, { recursive: true, force: true })
    mkdirSync(each)
  }
  writeSines(clean, FILES)
})

/** Box and Muller's formula. */
function normal(random: Random): number {
  const uniform = () => (random.word() + 0.5) / 2 ** 32
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

type Change = (samples: Float32Array) => unknown

/** Changes the samples of a file. */
function change(file: string, changed: Change): void {
  const bytes = readFileSync(file)
  const samples = new Float32Array(new Uint8Array(bytes.subarray(HEADER_BYTES)).buffer)
  changed(samples)
  Buffer.from(samples.buffer).copy(bytes, HEADER_BYTES)
  writeFileSync(file, bytes)
}

const noise =
  (sigma: number, part = 1): Change =>
  (samples) => {
    const random = new Random(1)
    for (let i = 0; i < samples.length * part; i++)
      samples[i] = Math.max(-1, Math.min(1, samples[i] + sigma * normal(random)))
  }

const uniformNoise: Change = (samples) => {
  const random = new Random(2)
  for (let i = 0; i < samples.length; i++) samples[i] += SIGMA * Math.sqrt(3) * (random.word() / 2 ** 31 - 1)
}

/** Writes what a contender would. */
function addNoise(changed: Change = noise(SIGMA)): void {
  for (const name of readdirSync(clean)) {
    copyFileSync(path.join(clean, name), path.join(out, name))
    change(path.join(out, name), changed)
  }
}

const last = path.join(out, '02.wav')
const check = () => checkNoise(clean, out, SIGMA)

/** Changes bytes of the last file. */
const patch = (edit: (bytes: Buffer) => Buffer): void => writeFileSync(last, edit(readFileSync(last)))

function withoutASecond(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(4 * 44_100, HEADER_BYTES - 4)
  return bytes.subarray(0, HEADER_BYTES + 4 * 44_100)
}

describe('contenders that add noise', () => {
  test('pass if they did the work', () => {
    addNoise()
    writeFileSync(path.join(out, '.noisemill-journal'), '')
    expect(check).not.toThrow()
  })

  test('pass if they did the part that they should', () => {
    addNoise()
    expect(() => checkNoise(clean, out, SIGMA, 2)).toThrow('01.wav should not be there')
    rmSync(path.join(out, '01.wav'))
    expect(() => checkNoise(clean, out, SIGMA, 2)).not.toThrow()
    expect(check).toThrow('2 of 3 files are there, and 01.wav is not')
  })

  test('pass with uniform noise of the same deviation', () => {
    addNoise(uniformNoise)
    expect(check).not.toThrow()
  })

  test('pass if they wrote other chunks, and name the format in the extension', () => {
    addNoise()
    patch((bytes) => {
      const head = Buffer.alloc(60)
      head.write('RIFF', 0)
      head.write('WAVEfmt ', 8)
      head.writeUInt32LE(40, 16)
      bytes.copy(head, 20, 20, 36)
      head.writeUInt16LE(0xfffe, 20)
      head.writeUInt16LE(3, 44)
      const list = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1')
      return Buffer.concat([head, list, bytes.subarray(HEADER_BYTES - 8)])
    })
    expect(check).not.toThrow()
  })

  const lacks: [fault: string, change: Change, message: string][] = [
    ['only copied', () => {}, '00.wav from frame 0 on has noise of 0.000 instead of 0.1'],
    ['added less noise', noise(0.05), '00.wav from frame 0 on has noise of 0.04980'],
    ['added a little less noise', noise(0.095), '00.wav from frame 0 on has noise of 0.09'],
    ['forgot a part of a file', noise(SIGMA, 0.9), '00.wav from frame 65536 on has noise of 0.0'],
  ]
  test.each(lacks)('fail if they %s', (_, change, message) => {
    addNoise(change)
    expect(check).toThrow(message)
  })

  const faults: [fault: string, act: () => void, message: string][] = [
    ['left out a file', () => rmSync(last), '2 of 3 files are there, and 02.wav is not'],
    ['left out all files', () => rmSync(out, { recursive: true }), 'no such file or directory'],
    ['wrote a file too much', () => copyFileSync(last, path.join(out, '03.wav')), '03.wav should not be there'],
    ['truncated a file', () => truncateSync(last, 100_000), '02.wav is truncated'],
    ['wrote fewer frames', () => patch(withoutASecond), '02.wav has 44100 frames instead of 88200'],
    ['wrote another rate', () => patch((bytes) => bytes.fill('\x80\xbb', 24, 26, 'latin1')), '02.wav has 48000 Hz'],
    ['wrote another format', () => patch((bytes) => bytes.fill(1, 20, 21)), '02.wav is not float32, mono'],
    ['wrote no WAV file', () => writeFileSync(last, 'RIFF'), '02.wav is no WAV file'],
    ['did not clip', () => change(last, (samples) => samples.fill(1.25, 5, 6)), '02.wav has the sample 1.25'],
    ['wrote NaN', () => change(last, (samples) => samples.fill(Number.NaN, 88_199)), '02.wav has the sample NaN'],
  ]
  test.each(faults)('fail if they %s', (_, act, message) => {
    addNoise()
    act()
    expect(check).toThrow(message)
  })
})

describe('pieces that are looked at', () => {
  test.each([1, 16_384, 16_385, 262_144])('are all of %d frames', (frames) => {
    const pieces = piecesOf(frames)
    expect(pieces[0][0]).toBe(0)
    for (const [i, [first, count]] of pieces.entries()) expect(pieces[i + 1]?.[0] ?? frames).toBe(first + count)
  })

  test.each([262_145, 10_584_000])('are from the first to the last of %d frames', (frames) => {
    const pieces = piecesOf(frames)
    expect(pieces).toHaveLength(16)
    expect(pieces[0][0]).toBe(0)
    expect(pieces[15][0] + pieces[15][1]).toBe(frames)
  })
})

describe('contenders that copy', () => {
  const copy = () => {
    for (const name of readdirSync(clean)) copyFileSync(path.join(clean, name), path.join(out, name))
  }

  test('pass if they did', () => {
    copy()
    expect(() => checkCopies(clean, out)).not.toThrow()
  })

  const faults: [fault: string, act: () => void, message: string][] = [
    ['left out a file', () => rmSync(last), '02.wav is not'],
    ['changed a byte', () => patch((bytes) => bytes.fill(7, bytes.length - 1)), '02.wav is no copy'],
    ['wrote less', () => truncateSync(last, 100), '02.wav is no copy'],
    ['wrote more', () => patch((bytes) => Buffer.concat([bytes, Buffer.alloc(1)])), '02.wav is no copy'],
  ]
  test.each(faults)('fail if they %s', (_, act, message) => {
    copy()
    act()
    expect(() => checkCopies(clean, out)).toThrow(message)
  })
})

test('room for the files and for those that a contender writes', () => {
  const full = { count: 24, seconds: 240 }
  expect(roomFor(full)).toBeGreaterThan(2 * 24 * readFileSync(path.join(clean, '00.wav')).length * 120 - 1e6)
  expect(memoryFor(full)).toBeGreaterThan(3e8)
})
