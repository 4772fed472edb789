import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { countsOf, edges, percentile } from '../../bench/harness/latencies.js'
import { checkOutputs, outputsIn } from '../../bench/harness/outputs.js'
import { bytesOf, music, roomFor, speech, writeSounds } from '../../bench/harness/sounds.js'
import { tone } from '../../bench/harness/tones.js'
import { workloads } from '../../bench/workloads/index.js'
import { filesOf } from '../../bench/workloads/lengths.js'
import { sharedFolder } from '../support/folders.js'

const folder = sharedFolder()

describe('latencies', () => {
  test('edges go from 0.05 ms to 2 s', () => {
    expect(edges[0]).toBeCloseTo(0.05)
    expect(edges.at(-1)).toBeCloseTo(2000)
    expect(countsOf([])).toHaveLength(edges.length - 1)
  })

  test('a value counts in the bin whose edges are around it', () => {
    for (const value of [0.06, 1, 9.99, 700, 1999]) {
      const bin = countsOf([value]).indexOf(1)
      expect(edges[bin]).toBeLessThanOrEqual(value)
      expect(edges[bin + 1]).toBeGreaterThan(value)
    }
  })

  test('values beyond the edges count in the first and the last bin', () => {
    const counts = countsOf([0.001, 0.002, 5000])
    expect([counts[0], counts.at(-1)]).toEqual([2, 1])
  })

  test('percentiles are values that occurred', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect([0.01, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 50, 99, 100])
    expect(percentile([7], 0.5)).toBe(7)
    expect(percentile([], 0.5)).toBeNaN()
  })
})

test('files of all lengths are the same amount of sound, and no time is scaled up', () => {
  const { contenders } = workloads.find(({ name }) => name === 'lengths')!
  for (const size of ['short', 'full'] as const) {
    const all = contenders(size)
    const lengths = all.flatMap(({ x }) => x ?? [])
    const amounts = lengths.map((length) => Math.round(1000 * length * filesOf(size, length)))
    expect(new Set(amounts).size).toBe(1)
    expect(all.filter(({ scale }) => scale !== undefined)).toEqual([])
  }
})

describe('sounds', () => {
  test('seconds after the first are copies of it', () => {
    for (const [channels, seconds] of [
      [1, 3.5],
      [2, 8],
    ]) {
      const bytes = tone({ ...music(seconds), channels })
      expect(bytes).toHaveLength(bytesOf({ ...music(seconds), channels }))
      const second = 44_100 * 4 * channels
      const rest = bytes.subarray(44 + second)
      expect(rest.equals(bytes.subarray(44, bytes.length - second))).toBe(true)
      expect(bytes.readFloatLE(44 + 4 * channels * 25)).toBeCloseTo(0.5 * Math.sin((2 * Math.PI * 440 * 25) / 44_100))
    }
  })

  test('few files are in one folder, and many in folders of 200', () => {
    const [few, many] = ['few', 'many'].map((name) => path.join(folder, name))
    writeSounds(few, 3, speech(0.001))
    writeSounds(many, 401, speech(0.001))
    expect(readdirSync(few).sort()).toEqual(['000.wav', '001.wav', '002.wav'])
    expect(readdirSync(many).sort()).toEqual(['000', '001', '002'])
    expect(readdirSync(path.join(many, '002'))).toEqual(['000.wav'])
    expect(readFileSync(path.join(many, '002/000.wav'))).toHaveLength(44 + 32)
  })

  test('a small file takes a page and more, and so does its copy', () => {
    expect(roomFor(10, speech(0.01))).toBeGreaterThanOrEqual(20 * 4096)
  })
})

describe('checks of outputs', () => {
  const out = path.join(folder, 'out')
  mkdirSync(out)
  writeFileSync(path.join(out, 'a.wav'), 'noise')
  const ours = {
    name: 'native',
    label: '',
    kind: 'noisemill',
    value: 'whole',
    command: () => ({ file: '', args: [] }),
  } as const
  const copies = { ...ours, kind: 'limit', limit: 'bytes moved' } as const

  test('programs that copy are checked by the number of files', () => {
    expect(checkOutputs(out, copies, 1)).toBe('')
    expect(() => checkOutputs(out, copies, 2)).toThrow('wrote 1 files instead of 2')
  })

  test('a program that makes no files is not checked', () => {
    expect(checkOutputs(out, { ...copies, limit: "Node's start" }, 2)).toBe('')
  })

  test('all others have a digest', () => {
    expect(checkOutputs(out, ours, 1)).toBe(outputsIn(out, 1))
    expect(() => checkOutputs(out, ours, 2)).toThrow('wrote 1 files instead of 2')
  })
})

const own = 'jobs lengths counts channels many long coded js-thread start kernels kinds'.split(' ')

describe.each(own)('workload %s', (name) => {
  const workload = workloads.find((each) => each.name === name)!
  const full = workload.contenders('full')

  test('names and labels of contenders are unique', () => {
    for (const size of ['short', 'full'] as const) {
      const contenders = workload.contenders(size)
      expect(new Set(contenders.map((contender) => contender.name)).size).toBe(contenders.length)
    }
    const keys = full.map(({ label, x }) => `${label} ${x}`)
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('the reference takes part whenever any contender does', () => {
    for (const size of ['short', 'full'] as const) {
      const taking = workload.contenders(size).filter(({ isOnlyInFull }) => size === 'full' || !isOnlyInFull)
      if (taking.length > 0) expect(taking.map((contender) => contender.name)).toContain(workload.reference)
    }
  })

  test('it says what it does, and what it needs', () => {
    for (const size of ['short', 'full'] as const) {
      expect(workload.work(size)).not.toMatch(/undefined|NaN/)
      const { disk, memory } = workload.needs(size)
      expect(disk).toBeGreaterThanOrEqual(0)
      expect(memory).toBeGreaterThan(0)
    }
  })
})

test('each workload on files has a limit', () => {
  for (const name of ['jobs', 'lengths', 'counts', 'channels', 'many', 'long']) {
    const limits = workloads.find((each) => each.name === name)!.contenders('full')
    expect(limits.map(({ limit }) => limit)).toEqual(expect.arrayContaining(['bytes moved', "Node's start"]))
  }
})
