/** Jobs with `verify` compare outputs that exist, write nothing, and say which byte is the first that differs. */

import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EtlOutcome } from '../../dist-lib/core/etl.js'
import { describeNative } from '../support/backends.js'
import { hashesBelow, temporaryFolder } from '../support/folders.js'
import { describeHalves, type JobSettings, jobFor, nativeOf, type RunJobs, workersOf } from '../support/jobs.js'
import { posixTest } from '../support/systems.js'
import { formats, pcm16, sine, type WavParts, wav } from '../support/wav.js'

const settings: JobSettings = { level: 0.1 }
const failureOf = (outcome: EtlOutcome) =>
  'failure' in outcome ? `${outcome.failure.code} ${outcome.failure.detail}`.trim() : 'equal'

/** Writes an input, and the output that a job with the settings makes of it. */
async function made(run: RunJobs, input: Uint8Array, own: JobSettings = settings) {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, 'a.wav'), input)
  const job = jobFor(folder, 'a', 'out', own)
  const [outcome] = await run([job])
  const output = job.output as string
  /** Runs the job with `verify`, and checks that it leaves all files as they are. */
  const verify = async (more: Partial<JobSettings> = {}, by = run) => {
    const before = hashesBelow(folder)
    const [verified] = await by([jobFor(folder, 'a', 'out', { ...own, ...more, verify: true })])
    expect(hashesBelow(folder)).toEqual(before)
    return verified
  }
  return { folder, output, outcome, verify }
}

/** Changes one byte of a file. */
function changeByte(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] ^= 0x10
  writeFileSync(file, bytes)
}

const FRAMES = 30_000

describeHalves('an existing output is compared', (run) => {
  test('and is equal if it is what the job would write, with the same figures', async () => {
    const { outcome, verify } = await made(run, pcm16(FRAMES))
    const verified = await verify()
    if ('failure' in outcome || 'failure' in verified) throw new Error(failureOf(verified))
    expect({ ...verified.figures, seconds: 0 }).toEqual({ ...outcome.figures, seconds: 0 })
  })

  test.each([0, 4, 43, 44, 16_383, 16_384, 16_385, 2 * FRAMES + 43])('a change of byte %i is found', async (at) => {
    const { output, verify } = await made(run, pcm16(FRAMES))
    changeByte(output, at)
    expect(failureOf(await verify())).toBe(`E_OUTPUT_DIFFERS first at byte ${at}`)
  })

  test('of several changes, the first is named', async () => {
    const { output, verify } = await made(run, pcm16(FRAMES))
    for (const at of [50_000, 20_000, 20_001]) changeByte(output, at)
    expect(failureOf(await verify())).toBe('E_OUTPUT_DIFFERS first at byte 20000')
  })

  test.each([0, 43, 44, 16_384, 60_000, 60_043, 60_045, 90_000])('a length of %i bytes is found', async (length) => {
    const { output, verify } = await made(run, pcm16(FRAMES))
    truncateSync(output, length)
    expect(failureOf(await verify())).toBe(`E_OUTPUT_DIFFERS it has ${length} bytes instead of 60044`)
  })

  test('other noise is found', async () => {
    const { verify } = await made(run, pcm16(FRAMES))
    const key = { low: 1, high: 3 }
    expect(failureOf(await verify({ key }))).toMatch(/^E_OUTPUT_DIFFERS first at byte \d+$/)
    expect(failureOf(await verify({ level: 0.2 }))).toMatch(/^E_OUTPUT_DIFFERS first at byte \d+$/)
  })

  test('a missing output, a folder and the input itself have errors of their own', async () => {
    const { output, folder, verify } = await made(run, pcm16(FRAMES))
    rmSync(output)
    expect(failureOf(await verify())).toBe('E_OUTPUT_MISSING')
    mkdirSync(output)
    expect(failureOf(await verify())).toBe('E_OUTPUT_READ not a regular file')
    const job = jobFor(folder, 'a', 'out', { ...settings, verify: true })
    expect(failureOf((await run([{ ...job, output: job.input }]))[0])).toBe('E_OUTPUT_IS_INPUT')
  })

  // The header of the input has other sizes than that of the output, and some bytes are in the output alone.
  test.each<[string, WavParts]>([
    ['a size that is unknown', { dataSize: 0xffffffff, riffSize: 0xffffffff }],
    ['data that are cut short', { dataSize: 5000, riffSize: 5036 }],
    ['big-endian sizes', { container: 'RIFX', dataSize: 5000, riffSize: 5036 }],
    ['long sizes', { container: 'RF64', longSizes: { data: 5000n } }],
    ['a missing pad byte', { bits: 8, dataSize: 5000, riffSize: 5036, data: new Uint8Array(999) }],
  ])('headers are compared as they would be repaired: %s', async (_, parts) => {
    const bytes = wav({ data: sine(formats[1], 500), ...parts })
    const input = parts.bits === 8 ? bytes.subarray(0, -1) : bytes
    const { output, outcome, verify } = await made(run, input)
    expect('figures' in outcome && outcome.figures.warnings.length > 0).toBe(true)
    expect(readFileSync(output).equals(input)).toBe(false)
    expect(failureOf(await verify())).toBe('equal')
    for (const at of [4, readFileSync(output).length - 1]) {
      changeByte(output, at)
      expect(failureOf(await verify())).toBe(`E_OUTPUT_DIFFERS first at byte ${at}`)
      changeByte(output, at)
    }
  })

  test('a silent file that is skipped must have no output', async () => {
    const { folder, output, verify } = await made(run, pcm16(100, 0), { level: 0.1, levelKind: 'snr', silent: 'skip' })
    expect(failureOf(await verify())).toBe('equal')
    copyFileSync(path.join(folder, 'a.wav'), output)
    expect(failureOf(await verify())).toMatch(/^E_OUTPUT_DIFFERS it exists/)
  })
})

describeHalves('what an earlier run recorded is checked', (run) => {
  const none = { bytesIn: null, frames: null, sigma: null, noiseRms: null }

  test('before anything is written', async () => {
    const { outcome } = await made(run, pcm16(FRAMES))
    if ('failure' in outcome) throw new Error(failureOf(outcome))
    const { bytesIn, frames, sigma, noiseEnergy } = outcome.figures
    const noiseRms = Math.sqrt(noiseEnergy / frames)
    const recorded = { bytesIn, frames, sigma, noiseRms }
    for (const right of [none, recorded, { ...none, noiseRms }])
      expect(failureOf((await made(run, pcm16(FRAMES), { ...settings, expected: right })).outcome)).toBe('equal')
    for (const [name, code] of [
      ['bytesIn', 'E_REPLAY_INPUT'],
      ['frames', 'E_REPLAY_INPUT'],
      ['sigma', 'E_REPLAY_DIFFERS'],
      ['noiseRms', 'E_REPLAY_DIFFERS'],
    ] as const) {
      const wrong = { ...recorded, [name]: recorded[name] * (1 + 2 ** -50) + (name === 'bytesIn' ? 1 : 0) }
      const failed = await made(run, pcm16(FRAMES), { ...settings, expected: wrong })
      expect(failureOf(failed.outcome)).toBe(`${code} ${name}`)
      expect(Object.keys(hashesBelow(failed.folder))).toEqual(['a.wav'])
    }
  })
})

describe('parts of long files', () => {
  const FIRST = 3_000_001
  const LATER = 14_000_000

  async function compareParts(run: RunJobs): Promise<void> {
    // 16 MB are four parts.
    const { output, verify } = await made(run, wav({ data: sine(formats[1], 8_000_000) }))
    expect(failureOf(await verify())).toBe('equal')
    for (const at of [LATER, FIRST]) {
      changeByte(output, at)
      for (let i = 0; i < 3; i++) expect(failureOf(await verify())).toBe(`E_OUTPUT_DIFFERS first at byte ${at}`)
    }
    truncateSync(output, LATER)
    changeByte(output, FIRST)
    expect(failureOf(await verify())).toBe(`E_OUTPUT_DIFFERS it has ${LATER} bytes instead of 16000044`)
  }

  test('are compared by several worker threads', () => compareParts(workersOf(3)))

  describeNative('by the addon', () => {
    test('are compared by several threads', () => compareParts(nativeOf(3)))
  })
})

describeHalves('a job that follows no links', (run) => {
  posixTest('reads files, also in linked folders, and no link (needs symbolic links)', async () => {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, 'in'))
    writeFileSync(path.join(folder, 'in/a.wav'), pcm16(100))
    symlinkSync('in', path.join(folder, 'linked'))
    symlinkSync('a.wav', path.join(folder, 'in/b.wav'))
    symlinkSync('missing', path.join(folder, 'in/c.wav'))
    const jobs = [true, false].flatMap((follow) =>
      ['a', 'b', 'c', 'd'].map((name) =>
        jobFor(path.join(folder, 'linked'), name, `out-${follow}`, { ...settings, follow }),
      ),
    )
    const outcomes = await run(jobs)
    expect(outcomes.map((one) => ('failure' in one ? `${one.failure.code} ${one.failure.errno}` : 'done'))).toEqual([
      ...['done', 'done', 'E_INPUT_MISSING ENOENT', 'E_INPUT_MISSING ENOENT'],
      ...['done', 'E_INPUT_UNREADABLE ELOOP', 'E_INPUT_UNREADABLE ELOOP', 'E_INPUT_MISSING ENOENT'],
    ])
  })

  posixTest('compares files, and no link (needs symbolic links)', async () => {
    const { output, verify } = await made(run, pcm16(FRAMES))
    expect(failureOf(await verify({ follow: false }))).toBe('equal')
    renameSync(output, `${output}.moved`)
    symlinkSync(`${path.basename(output)}.moved`, output)
    expect(failureOf(await verify())).toBe('equal')
    const refused = await verify({ follow: false })
    expect(refused).toMatchObject({ failure: { code: 'E_OUTPUT_READ', errno: 'ELOOP' } })
  })
})
