/** Messages: what is sent arrives, and nothing else is accepted. */

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { NoisemillError } from '../../dist/index.js'
import type { TransformJob } from '../../dist-lib/audio/job.js'
import type { EtlJob } from '../../dist-lib/core/etl.js'
import { FileJobWriter, type FileRequest, fileJobToJson } from '../../dist-lib/remote/file-messages.js'
import {
  callToText,
  indexedText,
  type JobHead,
  outcomeToText,
  readJob,
  readOutcome,
  writeJob,
  writeOutcome,
} from '../../dist-lib/remote/messages.js'
import { hashOf, MAX_TEXT, Signer } from '../../dist-lib/remote/signature.js'
import { transformJobToJson } from '../../dist-lib/remote/transform-messages.js'
import { Random } from '../support/random.js'

const noise: EtlJob['noise'] = {
  key: { low: 1, high: 0xffff_ffff },
  layers: [
    {
      recorded: undefined,
      kind: 'pink',
      parameters: Float64Array.of(20),
      key: { low: 7, high: 8 },
      level: { kind: 'snr', deviation: 0.1 + 0.2 },
      exact: true,
    },
  ],
  output: { kind: 'keep', target: 0 },
  mixing: { reference: 'rms', clip: 'clamp', ceiling: 0.99, dither: false, silent: 'copy' },
}
const folders = { read: path.resolve('in'), write: path.resolve('out') }
const job: EtlJob = {
  input: 'in/a/b.wav',
  output: 'out/noisy/a/b.wav',
  temporary: 'out/noisy/a/.b.wav.host.12.run-3.tmp',
  stems: { clean: { output: 'out/clean/a/b.wav', temporary: 'out/clean/a/.b.wav.host.12.run-3.tmp' } },
  ...{ overwrite: true, free: true, follow: true, fsync: false, dryRun: false, verify: false, strict: true },
  expected: { bytesIn: 5, frames: null, sigma: 0.1, noiseRms: null },
  noise,
}
const head: JobHead = { run: 'r1', chunk: 0, expires: 5e12, earlier: 0, attempt: 1, concurrency: 1, timeout: undefined }
/** Returns the text of a message with jobs that fit into one. */
function filesText(...all: EtlJob[]): string {
  const writer = new FileJobWriter(folders)
  const texts = all.map((one) => JSON.stringify(fileJobToJson(one, writer)))
  return writeJob(head, undefined, writer.common(), texts)
}
const signer = new Signer(Buffer.alloc(32, 1), 'queue')

const figures = {
  ...{ format: 'pcm16', codec: null, channels: 1, sampleRate: 16000, frames: 100, sigma: 0.1, layers: [], gain: 1 },
  ...{ peak: null, activePower: 0.25, activity: null, signalEnergy: Infinity, noiseEnergy: Number.NaN, clipped: 3 },
  ...{ nonFinite: 0, bytesIn: 244, modified: 1.7e15, bytesOut: 244, seconds: 0.001, warnings: ['W_CLIPPED'] },
}

describe('a job of files', () => {
  test('arrives with paths below the shared folders, and without those of the producer', () => {
    const text = filesText(job)
    expect(text).not.toContain(path.resolve('.'))
    const { jobs, ...rest } = readJob(text)
    expect(rest).toEqual({ ...head, call: undefined })
    expect(jobs.kind).toBe('files')
    expect(jobs.all).toEqual([
      {
        places: {
          ...{ input: 'a/b.wav', output: 'noisy/a/b.wav', stems: { clean: 'clean/a/b.wav' } },
          ...{ owner: { host: 'host', pid: 12, id: 'run-3' }, overwrite: true },
          ...{ fsync: false, dryRun: false, strict: true },
        },
        ...{ verify: false, expected: job.expected, noise },
      },
    ])
  })

  test('may have a path that is not UTF-8', () => {
    const input = Buffer.concat([Buffer.from(`${folders.read}/`), Buffer.from([0xff, 0x2e, 0x77, 0x61, 0x76])])
    const { all } = readJob(filesText({ ...job, input })).jobs
    expect(Buffer.from((all[0] as FileRequest).places.input as Uint8Array)).toEqual(
      Buffer.from([0xff, 0x2e, 0x77, 0x61, 0x76]),
    )
  })

  test.each([
    ['an input', { input: 'elsewhere/a.wav' }],
    ['an output', { output: 'out/../a.wav' }],
    ['the folder itself', { output: 'out' }],
  ])('outside of the shared folders is not sent: %s', (_, parts) => {
    expect(() => filesText({ ...job, ...parts })).toThrow(expect.objectContaining({ code: 'E_PATH_OUTSIDE' }))
  })
})

describe('what jobs have in common', () => {
  const at = (id: number, parts: Partial<EtlJob> = {}): EtlJob => ({
    ...{ ...job, stems: undefined, expected: undefined, temporary: `out/.${id}.wav.host.12.run-${id}.tmp` },
    ...{ input: `in/${id}.wav`, output: `out/${id}.wav` },
    ...parts,
  })
  const drawn = (parts: Partial<EtlJob['noise']['layers'][number]>): EtlJob['noise'] => ({
    ...noise,
    layers: [{ ...noise.layers[0], ...parts }],
  })
  const noisesOf = (text: string) => (JSON.parse(text) as { common: { noises: unknown[] } }).common.noises.length

  test('is there once, and each gets its own noise', () => {
    const noises: EtlJob['noise'][] = [
      noise,
      { ...noise, key: { low: 3, high: 4 } },
      drawn({ level: { kind: 'snr', deviation: 7 } }),
      drawn({ parameters: Float64Array.of(21) }),
      drawn({ level: { kind: 'sigma', deviation: 7 } }),
      { ...noise, output: { kind: 'rms', target: 0.25 } },
      { ...noise, output: { kind: 'rms', target: 0.5 } },
      { ...noise, mixing: { ...noise.mixing } },
      { ...noise, layers: [noise.layers[0], noise.layers[0]] },
      noise,
    ]
    const text = filesText(...noises.map((own, id) => at(id, { noise: own })))
    expect(noisesOf(text)).toBe(5)
    const { all } = readJob(text).jobs
    expect(all.map((one) => (one as FileRequest).noise)).toEqual(noises)
  })

  test.each<[string, Partial<EtlJob>]>([
    ['fsync', { fsync: true }],
    ['dryRun', { dryRun: true }],
    ['verify', { verify: true }],
    ['another process', { temporary: 'out/.1.wav.host.13.run-1.tmp' }],
    ['no owner', { temporary: 'out/.1.tmp' }],
  ])('decides which message they are in: %s', (_, parts) => {
    const writer = new FileJobWriter(folders)
    expect(fileJobToJson(at(0), writer)).toBeDefined()
    expect(fileJobToJson(at(1, parts), writer)).toBeUndefined()
    expect(fileJobToJson(at(2, { overwrite: false }), writer)).toBeDefined()
  })
})

test('a transform cannot be asked to compare', () => {
  const text = transformText().replace('"verify":false', '"verify":true')
  expect(() => readJob(text)).toThrow(expect.objectContaining({ code: 'E_MESSAGE_INVALID' }))
})

test('a message of other versions is refused as such, whatever its form is', () => {
  const text = filesText(job)
    .replace(/messages \d+/, 'messages 999')
    .replace('"jobs"', '"tasks"')
  expect(() => readJob(text)).toThrow(
    expect.objectContaining({ code: 'E_MACHINES_DIFFER', received: expect.stringMatching(/messages 999.*worker has/) }),
  )
})

test('a job of calls arrives', () => {
  const call = {
    ...{ name: 'etl', setup: 'prepare', teardown: undefined, data: { a: -0 }, strict: true },
    ...{ transferResults: true as const, around: undefined, module: hashOf('text') },
  }
  const read = readJob(
    writeJob({ ...head, timeout: 5, attempt: 3 }, callToText(call), undefined, ['1', '{"$":"undefined"}']),
  )
  expect(read).toMatchObject({ call, jobs: { kind: 'calls', all: [1, undefined] }, timeout: 5, attempt: 3 })
})

const audioCall = {
  ...{ name: 'gain', setup: undefined, teardown: undefined, data: 0.5, strict: false },
  ...{ transferResults: true as const, around: 'audio' as const, module: hashOf('text') },
}
const transform: TransformJob = {
  ...{ input: `${folders.read}/a/b.wav`, output: 'out/a/b.wav', temporary: 'out/a/.b.wav.host.12.run-3.tmp' },
  ...{ overwrite: false, free: true, follow: true, fsync: false, dryRun: false, strict: true },
  ...{ samples: undefined, blockFrames: 100 },
  ...{ shown: { input: '/mine/a/b.wav', key: 'a/b.wav' }, copy: 2, randomKey: { low: 1, high: 2 } },
  noise: { after: { noise, file: 'out/a/.b.wav.host.12.run-3.after.tmp' } },
}
const audioFigures = {
  ...{ format: 'pcm16', codec: null, channels: 1, sampleRate: 16000, frames: 100, clipped: 3, dropped: ['LIST'] },
  ...{
    bytesIn: 244,
    modified: 1.7e15,
    bytesOut: 0,
    seconds: 0.001,
    warnings: ['W_ROUNDED'],
    noise: { after: figures },
  },
}
const transformed = {
  figures: audioFigures,
  audio: { channels: [Float32Array.of(0.5, -0, Number.NaN)], sampleRate: 16000 },
}

function transformText(): string {
  const writer = new FileJobWriter(folders)
  const text = JSON.stringify(transformJobToJson(transform, writer))
  return writeJob(head, callToText(audioCall), writer.common(), [text])
}

test('a job of a transform arrives without paths of the producer', () => {
  const text = transformText()
  expect(text).not.toMatch(/mine|after\.tmp/)
  const { call, jobs } = readJob(text)
  expect(call).toEqual(audioCall)
  expect(jobs).toEqual({
    kind: 'transforms',
    all: [
      {
        places: {
          ...{ input: 'a/b.wav', output: 'a/b.wav', stems: undefined, owner: { host: 'host', pid: 12, id: 'run-3' } },
          ...{ overwrite: false, fsync: false, dryRun: false, strict: true },
        },
        ...{ blockFrames: 100, copy: 2 },
        ...{ key: 'a/b.wav', randomKey: { low: 1, high: 2 }, noise: { after: noise } },
      },
    ],
  })
})

test('outcomes of transforms arrive', () => {
  const message = {
    job: 'hash',
    machine: 'm',
    milliseconds: 1,
    tries: 1,
    refused: undefined,
    isPartial: false,
    outcomes: new Map(),
  }
  const text = writeOutcome(message, [indexedText(0, outcomeToText({ value: transformed }, 'transforms'))])
  expect(readOutcome(text, 1, 'transforms').outcomes.get(0)).toEqual({ value: transformed })
})

test('outcomes arrive', () => {
  const thrown = new RangeError('no', { cause: new Error('deeper') })
  const outcomes = [
    { value: { figures } },
    { value: { failure: { code: 'E_INPUT_MISSING', detail: 'x', errno: 'ENOENT' } } },
    { error: new NoisemillError('E_PATH_OUTSIDE', { path: 'p', received: 'r' }) },
  ]
  const message = {
    ...{
      job: 'hash',
      machine: 'm',
      milliseconds: 1.5,
      tries: 2,
      refused: undefined,
      isPartial: false,
      outcomes: new Map(),
    },
  }
  const texts = outcomes.map((outcome, i) => indexedText(i, outcomeToText(outcome, 'files')))
  const read = readOutcome(writeOutcome(message, texts), 3, 'files')
  expect([...read.outcomes.values()].slice(0, 2)).toEqual(outcomes.slice(0, 2))
  expect(read.outcomes.get(2)).toMatchObject({ error: { code: 'E_PATH_OUTSIDE', path: 'p', received: 'r' } })
  expect(read).toMatchObject({ job: 'hash', machine: 'm', milliseconds: 1.5, tries: 2 })

  const failed = { error: new NoisemillError('E_TASK_FAILED', { cause: thrown }) }
  const calls = readOutcome(writeOutcome(message, [indexedText(0, outcomeToText(failed, 'calls'))]), 1, 'calls')
  const { error } = calls.outcomes.get(0) as { error: NoisemillError }
  expect(error.cause).toEqual(thrown)
  expect((error.cause as Error).stack).toBe(thrown.stack)
})

test.each([
  ['a value that cannot cross', new Map(), /^result: JSON cannot carry a Map$/],
  ['a long value', 'x'.repeat(2 ** 20), /^result: it has \d+ characters/],
])('an outcome with %s becomes an error', (_, value, received) => {
  const text = outcomeToText({ value }, 'calls')
  expect(JSON.parse(text)).toEqual({ error: { code: 'E_NOT_CLONEABLE', received: expect.stringMatching(received) } })
})

describe('a signature', () => {
  const signed = signer.sign('job', 'text')

  test('opens what was signed', () => expect(signer.open('job', signed)).toBe('text'))

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'E_MESSAGE_INVALID'],
    ['a text alone', 'text', 'E_MESSAGE_INVALID'],
    ['a message without a signature', { text: 'text' }, 'E_MESSAGE_INVALID'],
    ['a signature that is no text', { text: 'text', signature: 5 }, 'E_MESSAGE_INVALID'],
    ['a message that is too long', { text: 'x'.repeat(MAX_TEXT + 1), signature: '' }, 'E_MESSAGE_INVALID'],
    ['another text', { ...signed, text: 'test' }, 'E_MESSAGE_SIGNATURE'],
    ['no signature', { ...signed, signature: '' }, 'E_MESSAGE_SIGNATURE'],
    ['a part of it', { ...signed, signature: signed.signature.slice(1) }, 'E_MESSAGE_SIGNATURE'],
    ['that of an outcome', signer.sign('outcome', 'text'), 'E_MESSAGE_SIGNATURE'],
    ['that of another key', new Signer(Buffer.alloc(32, 2), 'queue').sign('job', 'text'), 'E_MESSAGE_SIGNATURE'],
    ['that of another queue', new Signer(Buffer.alloc(32, 1), 'other').sign('job', 'text'), 'E_MESSAGE_SIGNATURE'],
  ])('refuses %s', (_, message, code) => {
    expect(() => signer.open('job', message)).toThrow(expect.objectContaining({ code }))
  })
})

/** Changes one byte, removes some, or repeats some. */
function mutated(text: string, random: Random): string {
  const at = random.below(text.length)
  const length = 1 + random.below(8)
  const put = (replaced: string) => text.slice(0, at) + replaced + text.slice(at + replaced.length)
  return random.pick([
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at + length) + text.slice(at),
    () => put(String.fromCharCode(32 + random.below(95))),
    () => put(random.pick(['-1', '1e999', 'null', '[]', '"x"'])),
  ])()
}

test('2000 mutated messages are refused with a code, or are messages themselves', () => {
  const random = new Random(1)
  const jobText = filesText(job, job)
  const outcomeText = writeOutcome(
    { job: 'hash', machine: 'm', milliseconds: 1, tries: 1, refused: undefined, isPartial: false, outcomes: new Map() },
    [indexedText(0, outcomeToText({ value: { figures } }, 'files'))],
  )
  const audioText = transformText()
  const transformedText = writeOutcome(
    { job: 'hash', machine: 'm', milliseconds: 1, tries: 1, refused: undefined, isPartial: false, outcomes: new Map() },
    [indexedText(0, outcomeToText({ value: transformed }, 'transforms'))],
  )
  let refused = 0
  for (let i = 0; i < 500; i++) {
    for (const read of [
      () => readJob(mutated(jobText, random)),
      () => readOutcome(mutated(outcomeText, random), 2, 'files'),
      () => readJob(mutated(audioText, random)),
      () => readOutcome(mutated(transformedText, random), 2, 'transforms'),
    ]) {
      try {
        read()
      } catch (error) {
        const code = expect.stringMatching(/^E_(MESSAGE_INVALID|MACHINES_DIFFER)$/)
        expect(error).toMatchObject({ name: 'NoisemillError', code })
        refused++
      }
    }
  }
  expect(refused).toBeGreaterThan(1000)
})
