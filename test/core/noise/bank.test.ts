/** Both halves of core read the same of an index, make the same draws, and refuse what is no index. */

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { caughtFailure } from '../../../dist-lib/core/failure.js'
import { type Balance, openBank } from '../../../dist-lib/core/noise/bank.js'
import { describeNative, theAddon } from '../../support/backends.js'
import { type IndexedFile, indexBytes, indexedFile, writeIndex } from '../../support/banks.js'
import { sharedFolder, temporaryFolder } from '../../support/folders.js'
import { Random } from '../../support/random.js'

interface Signal {
  readonly sampleRate: number
  readonly channels: number
}

type Failed = { readonly code: string; readonly detail: string }

/** What a test needs of one half of core. */
interface Half {
  read(index: string): ReturnType<ReturnType<typeof theAddon>['readBank']>
  draw(
    index: string,
    signal: Signal,
    key: { low: number; high: number },
    balance: Balance,
    draws: number,
  ): ReturnType<ReturnType<typeof theAddon>['drawFromBank']>
}

function failed(error: unknown): Failed {
  const { code, detail } = caughtFailure(error)
  return { code, detail }
}

const typeScript: Half = {
  read(index) {
    try {
      const bank = openBank(index)
      const files = Array.from({ length: bank.count }, (_, i) => ({
        path: Buffer.from(bank.path(i)),
        name: Buffer.from(bank.name(i)),
        size: bank.size(i),
        modified: bank.modified(i),
        frames: bank.frames(i),
        sampleRate: bank.sampleRate(i),
        channels: bank.channels(i),
      }))
      return { hash: Buffer.from(bank.hash), files }
    } catch (error) {
      return failed(error)
    }
  },
  draw(index, { sampleRate, channels }, key, balance, count) {
    try {
      const selection = openBank(index).select(sampleRate, channels)
      const draws = Uint32Array.from({ length: count }, (_, n) => selection.draw(key, n, balance))
      return { count: selection.count, isPartial: selection.isPartial, draws }
    } catch (error) {
      return failed(error)
    }
  },
}

const native: Half = {
  read: (index) => theAddon().readBank(index),
  draw: (...query) => theAddon().drawFromBank(...query),
}

const folder = sharedFolder()
let written = 0

/** Writes an index under a name of its own, because core keeps indexes open. */
function indexOf(files: readonly IndexedFile[]): string {
  const file = path.join(folder, `${written++}.bank`)
  writeIndex(file, files)
  return file
}

const key = { low: 0xdeadbeef, high: 12345 }
const mono = { sampleRate: 16_000, channels: 1 }

function draws(half: Half, index: string, signal: Signal, balance: Balance, count: number): Uint32Array {
  const drawn = half.draw(index, signal, key, balance, count)
  if ('code' in drawn) throw new Error(`${drawn.code} ${drawn.detail}`)
  return drawn.draws
}

/** Files of uneven folders, of two sample rates and up to three channels. */
const mixed = Array.from({ length: 40 }, (_, i) =>
  indexedFile(i, {
    folder: Math.floor(Math.sqrt(i)),
    sampleRate: i % 5 === 0 ? 44_100 : 16_000,
    channels: 1 + (i % 3),
    frames: 2 ** 40 + i,
    size: 2 ** 45 + i,
    modified: -1 - i,
    path: Buffer.from(`/n\xff\xe9/${i}.wav`, 'latin1'),
    name: `é${i}`,
  }),
)

function testHalf(half: Half): void {
  test('reads what an index says of each file', () => {
    const { hash, files } = half.read(indexOf(mixed)) as Exclude<ReturnType<Half['read']>, Failed>
    expect(hash).toEqual(Buffer.alloc(32, 7))
    expect(files).toEqual(
      mixed.map(({ folder: _, ...file }) => ({ ...file, path: Buffer.from(file.path), name: Buffer.from(file.name) })),
    )
  })

  test('draws files of the sample rate of a signal, with one channel or enough', () => {
    const index = indexOf(mixed)
    for (const channels of [1, 2, 3, 4]) {
      const fitting = mixed.flatMap((file, i) =>
        file.sampleRate === 16_000 && (file.channels === 1 || file.channels >= channels) ? [i] : [],
      )
      for (const balance of ['file', 'folder'] as const) {
        const drawn = half.draw(index, { ...mono, channels }, key, balance, 3000)
        expect(drawn).toMatchObject({ count: fitting.length, isPartial: true })
        const numbers = new Set('draws' in drawn ? drawn.draws : [])
        expect([...numbers].sort((a, b) => a - b)).toEqual(fitting)
      }
    }
    const whole = indexOf([indexedFile(0), indexedFile(1)])
    expect(half.draw(whole, mono, key, 'file', 1)).toMatchObject({ count: 2, isPartial: false })
  })

  test('says why no file can be drawn', () => {
    const rates = [8000, 44_100, 8000, 44_100, 48_000]
    const files = rates.map((sampleRate, i) => indexedFile(i, { sampleRate, channels: 2 + (i % 2) }))
    const index = indexOf(files)
    const draw = (sampleRate: number, channels: number) => half.draw(index, { sampleRate, channels }, key, 'file', 1)
    // Of the rates that are as common, it names the lowest.
    expect(draw(16_000, 1)).toEqual({
      code: 'E_NOISE_RATE',
      detail: '16000 Hz, but most noise files have 8000 Hz',
    })
    const detail = '4 channels, but noise files of 44100 Hz have at most 3'
    expect(draw(44_100, 4)).toEqual({ code: 'E_NOISE_CHANNELS', detail })
    expect(draw(44_100, 3)).toMatchObject({ count: 2 })
  })

  /** Pearson's statistic, minus its mean, in standard deviations. */
  const surplus = (counts: readonly number[], expected: readonly number[]) => {
    const freedom = counts.length - 1
    const statistic = counts.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0)
    return (statistic - freedom) / Math.sqrt(2 * freedom)
  }

  test.each(['file', 'folder'] as const)('draws evenly by %s', (balance) => {
    const count = 100_000
    const counts = new Array<number>(mixed.length).fill(0)
    for (const file of draws(half, indexOf(mixed), mono, balance, count)) counts[file]++
    const fitting = mixed.flatMap(({ sampleRate }, i) => (sampleRate === 16_000 ? [i] : []))
    const folders = new Set(fitting.map((i) => mixed[i].folder))
    const probability = (i: number) => {
      if (balance === 'file') return 1 / fitting.length
      return 1 / folders.size / fitting.filter((other) => mixed[other].folder === mixed[i].folder).length
    }
    const expected = fitting.map((i) => count * probability(i))
    expect(expected.reduce((sum, one) => sum + one)).toBeCloseTo(count, 3)
    expect(
      Math.abs(
        surplus(
          fitting.map((i) => counts[i]),
          expected,
        ),
      ),
    ).toBeLessThan(4)
  })

  test('keeps more banks apart than it keeps open', () => {
    const indexes = Array.from({ length: 20 }, (_, i) => indexOf([indexedFile(i)]))
    for (const order of [indexes, indexes.toReversed()])
      for (const index of order)
        expect(half.read(index)).toMatchObject({ files: [{ name: Buffer.from(`${indexes.indexOf(index)}.wav`) }] })
  })

  /** Indexes that are none, by what is wrong with them. */
  const valid = indexBytes([indexedFile(0), indexedFile(1)])
  const count = 2
  const columns = 64
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(valid)
    change(bytes)
    return bytes
  }
  /** Changes a number of the second file, in a column that begins after so many bytes of a file. */
  const wide = (before: number, value: number) =>
    changed((bytes) => bytes.writeDoubleLE(value, columns + before * count + 8))
  const narrow = (before: number, value: number) =>
    changed((bytes) => bytes.writeUInt32LE(value, columns + before * count + 4))
  const NONE = 'not an index of noise files'
  const DAMAGED = 'the index is damaged'
  const malformed: readonly (readonly [what: string, bytes: Buffer, detail: string])[] = [
    ['nothing', Buffer.alloc(0), NONE],
    ['half of a header', valid.subarray(0, 63), NONE],
    ['another magic', changed((bytes) => bytes.write('N', 0)), NONE],
    ['a later version', changed((bytes) => bytes.writeUInt8(2, 7)), 'the index has another version'],
    ['no files', indexBytes([]), DAMAGED],
    ['more files than bytes', changed((bytes) => bytes.writeUInt32LE(0xffffffff, 8)), DAMAGED],
    ['more paths than bytes', changed((bytes) => bytes.writeUInt32LE(0xffffffff, 12)), DAMAGED],
    ['more names than bytes', changed((bytes) => bytes.writeUInt32LE(0xffffffff, 16)), DAMAGED],
    ['a cut end', valid.subarray(0, -1), DAMAGED],
    ['bytes behind its end', Buffer.concat([valid, Buffer.alloc(1)]), DAMAGED],
    ['a negative size', wide(0, -1), DAMAGED],
    ['a fraction of a byte', wide(0, 0.5), DAMAGED],
    ['a size without end', wide(0, Number.POSITIVE_INFINITY), DAMAGED],
    ['no frames', wide(16, 0), DAMAGED],
    ['NaN frames', wide(16, Number.NaN), DAMAGED],
    ['too many frames', wide(16, 2 ** 53), DAMAGED],
    ['no sample rate', narrow(24, 0), DAMAGED],
    ['no channels', narrow(28, 0), DAMAGED],
    ['too many channels', narrow(28, 1025), DAMAGED],
    ['a folder beyond all', narrow(32, 2), DAMAGED],
    ['a path that ends early', narrow(36, 12), DAMAGED],
    ['a path that ends late', narrow(36, 100), DAMAGED],
    ['a name that ends early', narrow(40, 9), DAMAGED],
    ['a name without letters', narrow(40, 5), DAMAGED],
    ['a path with a NUL', changed((bytes) => bytes.writeUInt8(0, 64 + 44 * count)), DAMAGED],
  ]

  test.each(malformed)('refuses %s', (what, bytes, detail) => {
    const file = path.join(temporaryFolder(), `${what}.bank`)
    writeFileSync(file, bytes)
    expect(half.read(file)).toEqual({ code: 'E_NOISE_BANK', detail })
  })

  test('refuses a missing index and a folder', () => {
    const inside = temporaryFolder()
    expect(half.read(path.join(inside, 'missing.bank'))).toEqual({ code: 'E_NOISE_BANK', detail: '' })
    mkdirSync(path.join(inside, 'folder.bank'))
    expect(half.read(path.join(inside, 'folder.bank'))).toMatchObject({ code: 'E_NOISE_BANK' })
  })
}

describe('a bank [TypeScript]', () => testHalf(typeScript))

describeNative('a bank [C++]', () => {
  testHalf(native)

  test('makes the draws of TypeScript', () => {
    const index = indexOf(mixed)
    for (const balance of ['file', 'folder'] as const)
      expect(draws(native, index, mono, balance, 10_000)).toEqual(draws(typeScript, index, mono, balance, 10_000))
  })

  test('reads damaged indexes as TypeScript does', () => {
    const random = new Random(1)
    const bytes = indexBytes(mixed.slice(0, 6))
    let refused = 0
    for (let i = 0; i < 500; i++) {
      const damaged = Buffer.from(bytes)
      for (let changes = 0; changes <= i % 3; changes++) damaged[random.below(damaged.length)] = random.below(256)
      const file = path.join(folder, `${written++}.bank`)
      writeFileSync(file, random.once(10) ? damaged.subarray(0, random.below(damaged.length)) : damaged)
      const expected = typeScript.read(file)
      expect(native.read(file), `index ${i}`).toEqual(expected)
      if ('code' in expected) refused++
      else
        for (const balance of ['file', 'folder'] as const)
          expect(native.draw(file, mono, key, balance, 20)).toEqual(typeScript.draw(file, mono, key, balance, 20))
    }
    expect(refused).toBeGreaterThan(100)
    expect(refused).toBeLessThan(400)
  })
})
