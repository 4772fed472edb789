/** The stems of a mixture: their sums, their bytes in both halves of core, and their names. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EtlJob, EtlOutcome } from '../../dist-lib/core/etl.js'
import { describeNative } from '../support/backends.js'
import { temporaryFolder } from '../support/folders.js'
import {
  describeHalves,
  type JobSettings,
  jobFor,
  nativeOf,
  type RunJobs,
  runTypeScript,
  twins,
  workersOf,
} from '../support/jobs.js'
import { chunk, formats, turned, type WavParts, wav } from '../support/wav.js'

type Format = (typeof formats)[number]

interface StemFiles {
  readonly output: string
  readonly temporary: string
}

interface StemJob extends EtlJob {
  readonly output: string
  readonly stems: { readonly clean: StemFiles; readonly noise: StemFiles }
}

/** A job for `NAME.wav` of a folder that makes stems as well. */
function stemJob(folder: string, name: string, tag: string, settings: JobSettings): StemJob {
  const file = (stem: string) => ({
    output: path.join(folder, `${name}.${tag}.${stem}.wav`),
    temporary: path.join(folder, `.${name}.${tag}.${stem}.tmp`),
  })
  const job = jobFor(folder, name, tag, settings)
  return { ...job, output: job.output as string, stems: { clean: file('clean'), noise: file('noise') } }
}

interface Files {
  readonly mixture: Buffer
  readonly clean: Buffer
  readonly noise: Buffer
}

const filesOf = ({ output, stems }: StemJob): Files => ({
  mixture: readFileSync(output),
  clean: readFileSync(stems.clean.output),
  noise: readFileSync(stems.noise.output),
})

function figuresOf(outcome: EtlOutcome, title?: string) {
  expect(outcome, title).toHaveProperty('figures')
  return (outcome as Extract<EtlOutcome, { figures: unknown }>).figures
}

function failureOf(outcome: EtlOutcome, title?: string) {
  expect(outcome, title).toHaveProperty('failure')
  return (outcome as Extract<EtlOutcome, { failure: unknown }>).failure
}

/** Reads the samples of little-endian PCM as integers, in steps of the format. */
function integersOf(bits: number, data: Buffer): number[] {
  return Array.from({ length: (8 * data.length) / bits }, (_, i) =>
    bits === 8 ? data[i] - 128 : data.readIntLE((i * bits) / 8, bits / 8),
  )
}

/** Words without a pattern. */
function words(count: number, start: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => Math.imul(i + start, 0x9e3779b1) ^ Math.imul(i, 0x85ebca77))
}

/** Samples of [-peak, peak). */
function dataOf({ name, bits }: Format, count: number, peak: number): Buffer {
  const values = Array.from(words(count, 7), (word) => (word / 2 ** 32 - 0.5) * 2 * peak)
  if (name === 'float32') return Buffer.from(Float32Array.from(values).buffer)
  if (name === 'float64') return Buffer.from(Float64Array.from(values).buffer)
  const data = Buffer.alloc((count * bits) / 8)
  for (const [i, value] of values.entries()) {
    const integer = Math.trunc(value * 2 ** (bits - 1))
    if (bits === 8) data[i] = integer + 128
    else data.writeIntLE(integer, (i * bits) / 8, bits / 8)
  }
  return data
}

const HEADER = 44

/** What is mixed in different ways: with gains of 1, below 1 and above 1. */
const ways: readonly (readonly [title: string, peak: number, settings: JobSettings])[] = [
  ['sigma', 0.6, { level: 0.05 }],
  ['no noise', 0.6, { level: 0 }],
  ['an SNR, with dither', 0.6, { levelKind: 'snr', level: 0.1, dither: true }],
  ['a lower level', 0.9, { level: 0.1, output: { kind: 'rms', target: 0.01 } }],
  ['a lower level, with dither', 0.9, { level: 0.1, output: { kind: 'rms', target: 0.01 }, dither: true }],
  ['a higher level', 0.01, { level: 0.001, output: { kind: 'peak', target: 0.5 } }],
  ['a higher level of no noise', 0.01, { level: 0, output: { kind: 'peak', target: 0.5 } }],
  ['clipping that scales', 0.9, { level: 0.2, clip: 'scale' }],
  ['clipping', 0.99, { level: 0.1 }],
  ['no clipping', 0.99, { level: 0.1, clip: 'none' }],
]

/** Checks the stems of one file of a header of 44 bytes, and nothing after the data. */
function checkSums(format: Format, input: Buffer, gain: number, files: Files, title: string): void {
  const samples = (file: Buffer) => file.subarray(HEADER, HEADER + input.readUInt32LE(HEADER - 4))
  for (const file of Object.values(files) as Buffer[]) {
    expect(file.length, title).toBe(input.length)
    expect(file.subarray(0, HEADER).equals(input.subarray(0, HEADER)), title).toBe(true)
  }
  if (gain === 1) expect(files.clean.equals(input), title).toBe(true)
  if (!format.name.startsWith('float')) {
    const { bits } = format
    const [x, y, c, n] = [input, files.mixture, files.clean, files.noise].map((file) => integersOf(bits, samples(file)))
    expect(
      y.findIndex((mixture, i) => mixture - c[i] - n[i] !== 0),
      title,
    ).toBe(-1)
    // Half a step, and what a float32 loses.
    const slack = bits === 24 ? 1.01 : 0.51
    expect(
      c.findIndex((clean, i) => Math.abs(clean - gain * x[i]) > (gain === 1 ? 0 : slack)),
      title,
    ).toBe(-1)
    return
  }
  const isWide = format.bits === 64
  const round = isWide ? (value: number) => value : Math.fround
  const values = (file: Buffer) => {
    const bytes = new Uint8Array(samples(file)).buffer
    return Array.from(isWide ? new Float64Array(bytes) : new Float32Array(bytes))
  }
  const [x, y, c, n] = [input, files.mixture, files.clean, files.noise].map(values)
  expect(c, title).toEqual(x.map((value) => round(value * round(gain))))
  expect(n, title).toEqual(y.map((value, i) => round(value - c[i])))
}

describeHalves('the mixture is the sum of its stems', (run) => {
  test.each(formats)('for $name, in every way of mixing', async (format) => {
    const folder = temporaryFolder()
    const cases = ways.flatMap(([title, peak, settings]) =>
      [1, 3].flatMap((channels) =>
        [0, 1, 33, 4097].map((frames) => ({
          title: `${title}, ${channels} x ${frames}`,
          channels,
          frames,
          peak,
          settings,
        })),
      ),
    )
    const inputs = cases.map(({ channels, frames, peak }, i) => {
      const input = wav({ ...format, channels, data: dataOf(format, channels * frames, peak) })
      writeFileSync(path.join(folder, `${i}.wav`), input)
      return input
    })
    const jobs = cases.map(({ settings }, i) => stemJob(folder, `${i}`, 'out', settings))
    const plain = cases.map(({ settings }, i) => jobFor(folder, `${i}`, 'plain', settings))
    const outcomes = await run([...jobs, ...plain])
    cases.forEach(({ title }, i) => {
      const { gain, ...figures } = figuresOf(outcomes[i], title)
      const files = filesOf(jobs[i])
      checkSums(format, inputs[i], gain, files, title)
      // The mixture does not depend on its stems.
      expect(files.mixture.equals(readFileSync(plain[i].output as string)), title).toBe(true)
      expect(figuresOf(outcomes[jobs.length + i])).toEqual({ gain, ...figures, seconds: expect.any(Number) })
    })
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('sample by sample in 1000 mixtures of PCM 16 and 24', async () => {
    const folder = temporaryFolder()
    const random = words(4000, 3)
    const at = (i: number, low: number, high: number) => low + (random[i] / 2 ** 32) * (high - low)
    const cases = Array.from({ length: 1000 }, (_, i) => {
      const format = formats.find(({ name }) => name === (i % 2 === 0 ? 'pcm16' : 'pcm24'))!
      const input = wav({ ...format, data: dataOf(format, 500, at(4 * i, 0.01, 0.7)) })
      writeFileSync(path.join(folder, `${i}.wav`), input)
      const settings: JobSettings = {
        levelKind: 'snr',
        level: at(4 * i + 1, 0.01, 0.5),
        dither: i % 3 === 0,
        ...(i % 5 === 0 && { output: { kind: 'peak', target: at(4 * i + 2, 0.01, 0.6) } as const }),
        clip: i % 7 === 0 ? 'scale' : 'clamp',
        key: { low: i, high: 5 },
      }
      return { format, input, job: stemJob(folder, `${i}`, 'out', settings) }
    })
    const outcomes = await run(cases.map(({ job }) => job))
    for (const [i, { format, input, job }] of cases.entries())
      checkSums(format, input, figuresOf(outcomes[i]).gain, filesOf(job), `${i}`)
  })

  test('for samples that are not finite: the clean stem has them, and there is no noise', async () => {
    const folder = temporaryFolder()
    const data = Float32Array.of(0.5, Number.NaN, Number.POSITIVE_INFINITY, -0.25, Number.NEGATIVE_INFINITY, 3)
    // A signalling NaN with bits of its own.
    new Uint32Array(data.buffer)[1] = 0x7fa12345
    const input = wav({ ...formats[4], data: new Uint8Array(data.buffer) })
    writeFileSync(path.join(folder, 'a.wav'), input)
    for (const [tag, settings] of [
      ['plain', { level: 0.1 }],
      ['gain', { level: 0.1, output: { kind: 'peak', target: 0.5 } }],
    ] as const) {
      const job = stemJob(folder, 'a', tag, settings)
      const [outcome] = await run([job])
      expect(figuresOf(outcome).nonFinite).toBe(3)
      const { clean, noise, mixture } = filesOf(job)
      for (const i of [1, 2, 4]) {
        const [from, to] = [HEADER + 4 * i, HEADER + 4 * i + 4]
        expect(clean.subarray(from, to).equals(input.subarray(from, to))).toBe(true)
        expect(mixture.subarray(from, to).equals(input.subarray(from, to))).toBe(true)
        expect(noise.readFloatLE(from)).toBe(0)
      }
      const last = HEADER + 4 * 5
      expect(clean.readFloatLE(last)).toBe(Math.fround(3 * Math.fround(figuresOf(outcome).gain)))
      expect(noise.readFloatLE(last)).toBe(Math.fround(mixture.readFloatLE(last) - clean.readFloatLE(last)))
    }
  })

  test('with the other bytes of the mixture: other chunks, repaired sizes, big-endian samples, padding, decoded codecs', async () => {
    const folder = temporaryFolder()
    const pcm16 = formats.find(({ name }) => name === 'pcm16')!
    const data = dataOf(pcm16, 3000, 0.5)
    const around = { before: [chunk('LIST', Buffer.from('before it'))], after: [chunk('note', Buffer.from('behind'))] }
    const inputs: Record<string, WavParts> = {
      chunks: { data, ...around },
      large: {
        data,
        before: [chunk('note', Buffer.alloc(300_000, 1))],
        after: [chunk('note', Buffer.alloc(200_000, 2))],
      },
      unknown: { data, dataSize: 0xffffffff, riffSize: 0xffffffff },
      big: { container: 'RIFX', data: turned(data, 16), after: [chunk('note', Buffer.from('behind'), 6, 'RIFX')] },
      padded: { extensible: true, validBits: 12, data },
      coded: { tag: 6, bits: 8, data: Buffer.from(words(2000, 1)), ...around },
    }
    for (const settings of [{ level: 0.02 }, { level: 0.02, output: { kind: 'rms', target: 0.01 } }] as const) {
      const tag = 'output' in settings ? 'gain' : 'plain'
      for (const [name, parts] of Object.entries(inputs)) {
        writeFileSync(path.join(folder, `${name}.wav`), wav(parts))
        const job = stemJob(folder, name, tag, settings)
        figuresOf((await run([job]))[0], name)
        const { mixture, clean, noise } = filesOf(job)
        const at = mixture.lastIndexOf('data') + 8
        const isBig = parts.container === 'RIFX'
        const length = isBig ? mixture.readUInt32BE(at - 4) : mixture.readUInt32LE(at - 4)
        const [y, c, n] = [mixture, clean, noise].map((file) => {
          expect(file.subarray(0, at).equals(mixture.subarray(0, at)), name).toBe(true)
          expect(file.subarray(at + length).equals(mixture.subarray(at + length)), name).toBe(true)
          const samples = file.subarray(at, at + length)
          return integersOf(16, isBig ? turned(samples, 16) : samples)
        })
        expect(y.length, name).toBeGreaterThan(1000)
        expect(
          y.filter((mixture, i) => mixture !== c[i] + n[i]),
          name,
        ).toEqual([])
        expect(n.filter((value) => value !== 0).length, name).toBeGreaterThan(y.length / 2)
        if (tag === 'plain' && !isBig && name !== 'coded') expect(c, name).toEqual(integersOf(16, data))
      }
    }
  })
})

describe.skipIf(twins.length === 0)(
  'both halves make the same stems (needs the addon or the WebAssembly kernels)',
  () => {
    test.each(formats)('of $name', async (format) => {
      const folder = temporaryFolder()
      // Some of them do not fit.
      const cases = ways.flatMap(([title, peak, settings]) =>
        [1, 3].map((channels) => ({ title, peak, settings, channels })),
      )
      cases.push({ title: 'too much noise', peak: 0.9, settings: { level: 4 }, channels: 2 })
      cases.push({
        title: 'too high a level',
        peak: 0.9,
        settings: { level: 0.1, output: { kind: 'rms', target: 1 } },
        channels: 2,
      })
      cases.push({ title: '1024 channels', peak: 0.5, settings: { level: 0.1 }, channels: 1024 })
      for (const [i, { peak, channels }] of cases.entries()) {
        const frames = channels === 1024 ? 65 : 4200
        writeFileSync(
          path.join(folder, `${i}.wav`),
          wav({ ...format, channels, data: dataOf(format, channels * frames, peak) }),
        )
      }
      const jobsOf = (tag: string) => cases.map(({ settings }, i) => stemJob(folder, `${i}`, tag, settings))
      const jobs = jobsOf('ts')
      const outcomes = await runTypeScript(jobs)
      const isFloat = format.name.startsWith('float')
      expect(outcomes.filter((outcome) => 'failure' in outcome).length).toBe(isFloat ? 0 : 2)
      for (const [name, run] of twins) {
        const own = jobsOf(name)
        const others = await run(own)
        for (const [i, { title }] of cases.entries()) {
          if ('failure' in outcomes[i]) {
            expect(others[i], `${title}, ${name}`).toEqual(outcomes[i])
            continue
          }
          figuresOf(others[i], `${title}, ${name}`)
          const [one, other] = [filesOf(jobs[i]), filesOf(own[i])]
          for (const file of ['mixture', 'clean', 'noise'] as const)
            expect(one[file].equals(other[file]), `${title}, ${name}, ${file}`).toBe(true)
        }
      }
    })
  },
)

function sharedTest(title: string, runners: () => readonly RunJobs[]): void {
  test(title, async () => {
    const folder = temporaryFolder()
    // Several parts of 4 MiB.
    const format = formats.find(({ name }) => name === 'pcm16')!
    const data = dataOf(format, 4_300_000, 0.6)
    writeFileSync(path.join(folder, 'a.wav'), wav({ ...format, data, after: [chunk('note', Buffer.from('behind'))] }))
    const settings: JobSettings = { level: 0.05, output: { kind: 'rms', target: 0.05 } }
    const jobs = runners().map((_, i) => stemJob(folder, 'a', `${i}`, settings))
    const verified = { ...jobs[0], verify: true }
    const first = stemJob(folder, 'a', 'ts', settings)
    await runTypeScript([first])
    const files = filesOf(first)
    for (const [i, run] of runners().entries()) {
      figuresOf((await run([jobs[i]]))[0])
      const others = filesOf(jobs[i])
      for (const file of ['mixture', 'clean', 'noise'] as const) expect(others[file].equals(files[file])).toBe(true)
      figuresOf((await run([verified]))[0])
    }
  })
}

describe('threads share the files of a long job', () => {
  sharedTest('of worker threads', () => [workersOf(2)])
})
describeNative('threads share the files of a long job', () => sharedTest('of the crew', () => [nativeOf(2)]))

describeHalves('stems that their format cannot hold', (run) => {
  test('fail the job, and leave nothing', async () => {
    for (const format of formats.slice(0, 4)) {
      const folder = temporaryFolder()
      const { bits } = format
      const input = wav({ ...format, data: dataOf(format, 5000, 0.9) })
      writeFileSync(path.join(folder, 'a.wav'), input)
      const settings: JobSettings = { level: 2 }
      const job = stemJob(folder, 'a', 'out', settings)
      const plain = jobFor(folder, 'a', 'plain', settings)
      const [outcome, plainOutcome] = await run([job, plain])
      figuresOf(plainOutcome)
      const x = integersOf(bits, input.subarray(HEADER))
      const y = integersOf(bits, readFileSync(plain.output as string).subarray(HEADER))
      const unfit = y.filter((mixture, i) => {
        const noise = mixture - x[i]
        return noise < -(2 ** (bits - 1)) || noise > 2 ** (bits - 1) - 1
      }).length
      expect(unfit).toBeGreaterThan(1000)
      expect(failureOf(outcome)).toMatchObject({ code: 'E_STEM_RANGE', detail: `${unfit} samples` })
      expect(readdirSync(folder).sort()).toEqual(['a.plain.wav', 'a.wav'])
    }
  })

  test('fail a job whose gain lifts the clean signal above full scale', async () => {
    const folder = temporaryFolder()
    const format = formats.find(({ name }) => name === 'pcm16')!
    writeFileSync(path.join(folder, 'a.wav'), wav({ ...format, data: dataOf(format, 5000, 0.9) }))
    const output = { kind: 'rms', target: 0.9 } as const
    const [outcome, scaled] = await run([
      stemJob(folder, 'a', 'out', { level: 0.01, output }),
      stemJob(folder, 'a', 'scaled', { level: 0.01, output, clip: 'scale' }),
    ])
    expect(failureOf(outcome).code).toBe('E_STEM_RANGE')
    expect(figuresOf(scaled).gain).toBeLessThan(1.2)
  })
})

describeHalves('the names of stems', (run) => {
  const pcm16 = formats.find(({ name }) => name === 'pcm16')!
  function folderWithInput(): string {
    const folder = temporaryFolder()
    writeFileSync(path.join(folder, 'a.wav'), wav({ ...pcm16, data: dataOf(pcm16, 3000, 0.5) }))
    return folder
  }

  test('are checked before the work, and the failure says which stem it is about', async () => {
    for (const stem of ['clean', 'noise'] as const) {
      const folder = folderWithInput()
      const job = stemJob(folder, 'a', 'out', { level: 0.1 })
      writeFileSync(job.stems[stem].output, 'mine')
      expect(failureOf((await run([job]))[0])).toMatchObject({ code: 'E_OUTPUT_EXISTS', stem })
      expect(readFileSync(job.stems[stem].output, 'utf8')).toBe('mine')
      expect(readdirSync(folder).sort()).toEqual([`a.out.${stem}.wav`, 'a.wav'])
      const replacing = { ...job, stems: { [stem]: { ...job.stems[stem], output: job.input } }, overwrite: true }
      expect(failureOf((await run([replacing]))[0])).toMatchObject({ code: 'E_OUTPUT_IS_INPUT', stem })
    }
  })

  test('are taken back if the mixture cannot have its name', async () => {
    const folder = folderWithInput()
    // The job does not look before its work, and finds the file at its end.
    const job = { ...stemJob(folder, 'a', 'out', { level: 0.1 }), free: true }
    writeFileSync(job.output, 'mine')
    const { stem, ...failure } = failureOf((await run([job]))[0])
    expect(failure).toMatchObject({ code: 'E_OUTPUT_EXISTS' })
    expect(stem).toBe(undefined)
    expect(readFileSync(job.output, 'utf8')).toBe('mine')
    expect(readdirSync(folder).sort()).toEqual(['a.out.wav', 'a.wav'])
  })

  test('stay with complete files if they replaced others', async () => {
    const folder = folderWithInput()
    const other = stemJob(folder, 'a', 'other', { level: 0.1 })
    await run([other])
    const job = { ...stemJob(folder, 'a', 'out', { level: 0.1 }), overwrite: true }
    mkdirSync(job.output)
    writeFileSync(job.stems.clean.output, 'older')
    expect(failureOf((await run([job]))[0]).code).toBe('E_OUTPUT_PUBLISH')
    expect(readFileSync(job.stems.clean.output).equals(filesOf(other).clean)).toBe(true)
    expect(existsSync(job.stems.noise.output)).toBe(false)
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('may be of one stem alone', async () => {
    const folder = folderWithInput()
    const both = stemJob(folder, 'a', 'both', { level: 0.1 })
    const { clean, noise } = both.stems
    const jobs = [
      {
        ...stemJob(folder, 'a', 'clean', { level: 0.1 }),
        stems: { clean: { output: `${clean.output}.1`, temporary: `${clean.temporary}.1` } },
      },
      {
        ...stemJob(folder, 'a', 'noise', { level: 0.1 }),
        stems: { noise: { output: `${noise.output}.1`, temporary: `${noise.temporary}.1` } },
      },
    ]
    for (const outcome of await run([both, ...jobs])) figuresOf(outcome)
    const files = filesOf(both)
    expect(readFileSync(`${clean.output}.1`).equals(files.clean)).toBe(true)
    expect(readFileSync(`${noise.output}.1`).equals(files.noise)).toBe(true)
    expect(readdirSync(folder).length).toBe(1 + 3 + 2 + 2)
  })

  test('are verified, each by its name', async () => {
    const folder = folderWithInput()
    const job = stemJob(folder, 'a', 'out', { level: 0.1 })
    await run([job])
    const verify = { ...job, verify: true }
    figuresOf((await run([verify]))[0])
    for (const stem of ['clean', 'noise'] as const) {
      const file = job.stems[stem].output as string
      const bytes = readFileSync(file)
      const changed = Buffer.from(bytes)
      changed[1001] ^= 1
      writeFileSync(file, changed)
      expect(failureOf((await run([verify]))[0])).toMatchObject({
        code: 'E_OUTPUT_DIFFERS',
        detail: 'first at byte 1001',
        stem,
      })
      writeFileSync(file, bytes)
    }
    expect(
      failureOf(
        (await run([{ ...verify, stems: { noise: { ...job.stems.noise, output: `${folder}/none.wav` } } }]))[0],
      ),
    ).toMatchObject({ code: 'E_OUTPUT_MISSING', stem: 'noise' })
    expect(failureOf((await run([{ ...verify, input: `${folder}/none.wav` }]))[0])).toMatchObject({
      code: 'E_INPUT_MISSING',
    })
  })
})
