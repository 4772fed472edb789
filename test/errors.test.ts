/** Remedies of errors: each row makes an error, does what its message advises, and then it is gone. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type AddNoiseOptions,
  addNoiseToFiles,
  type ErrorCode,
  errorCodes,
  type NoisemillError,
  type RecordedNoise,
} from '../dist/index.js'
import { describeNative } from './support/backends.js'
import { writeFiles, writeLongInputs } from './support/files.js'
import { JOURNAL, temporaryFolder } from './support/folders.js'
import { bin, linesOf, noisemill, start } from './support/programs.js'
import { hasFfmpeg } from './support/readers.js'
import { isWindows, mountVolume, posixTest, underLimit } from './support/systems.js'
import { HEADER_BYTES, pcm16, wav } from './support/wav.js'

type At = (name: string) => string
/** Inputs, the output folder, options. A level is added if there are no options. */
type Run = readonly [inputs: readonly string[], out: string, options?: Partial<AddNoiseOptions>]

interface Trial {
  readonly code: ErrorCode
  readonly needsLinks?: boolean
  readonly prepare?: (at: At) => unknown
  readonly run: Run
  /** Each works alone: what to change in the folder, or the run that replaces `run`, or both. */
  readonly remedies: readonly { readonly change?: (at: At) => unknown; readonly run?: Run }[]
}

const level = { sigma: 0.1 }
const plain: Run = [['in'], 'out']
const again = (options: Partial<AddNoiseOptions>): Run => [['in'], 'out', { ...level, ...options }]
const elsewhere: Run = [['in'], 'other']

/** What a run of the library ends with: the codes of its errors. */
async function codesOf(at: At, [inputs, out, options = level]: Run): Promise<string[]> {
  const { root, noise } = options
  const given = {
    ...{ backend: 'inline', ...options, out: at(out) },
    ...(root !== undefined && { root: at(String(root)) }),
    ...(noise && { noise: { ...noise, from: at(String(noise.from)) } }),
  }
  const codes: string[] = []
  try {
    const results = addNoiseToFiles(inputs.map(at), given as AddNoiseOptions)
    for await (const { error } of results) if (error) codes.push(error.code)
  } catch (error) {
    codes.push((error as NoisemillError).code)
  }
  return codes
}

const first =
  (options: Partial<AddNoiseOptions> = {}) =>
  (at: At) =>
    codesOf(at, again(options))
const write =
  (name: string, bytes: Uint8Array = pcm16()) =>
  (at: At) =>
    writeFiles(at(''), { [name]: bytes })
const recorded = (more: Partial<RecordedNoise> = {}): Run => again({ noise: { from: 'noise', ...more } })
const rate = (sampleRate: number, channels = 1) => wav({ sampleRate, channels, data: pcm16().subarray(HEADER_BYTES) })
const remove = (name: string) => (at: At) => rmSync(at(name), { recursive: true })
const link = (name: string, to: string) => (at: At) => {
  mkdirSync(path.dirname(at(name)), { recursive: true })
  symlinkSync(to, at(name))
}

const trials: readonly Trial[] = [
  { code: 'E_OPTION_UNKNOWN', run: again({ Root: 'in' } as never), remedies: [{ run: again({ root: 'in' }) }] },
  {
    code: 'E_LEVEL_MISSING',
    run: [['in'], 'out', {}],
    remedies: [{ run: plain }, { run: [['in'], 'out', { snr: 9 }] }],
  },
  { code: 'E_LEVEL_BOTH', run: again({ snr: 9 }), remedies: [{ run: plain }, { run: [['in'], 'out', { snr: 9 }] }] },
  {
    code: 'E_NO_INPUT',
    run: [['in/*.txt'], 'out'],
    remedies: [{ run: [['in/a.wav'], 'out'] }, { run: plain }, { run: [['in/*.wav'], 'out'] }],
  },
  { code: 'E_OUTPUT_IN_INPUT', run: [['in'], 'in/out'], remedies: [{ run: plain }] },
  { code: 'E_OUTPUT_FOLDER', prepare: write('file'), run: [['in'], 'file'], remedies: [{ run: plain }] },
  {
    code: 'E_JOURNAL',
    prepare: write(`out/${JOURNAL}/x`),
    run: plain,
    remedies: [{ change: remove(`out/${JOURNAL}`) }],
  },
  {
    code: 'E_RESUME_SETTINGS',
    prepare: first(),
    run: again({ seed: 2, resume: true }),
    remedies: [{ run: again({ resume: true }) }, { run: elsewhere }, { run: again({ seed: 2, overwrite: true }) }],
  },
  { code: 'E_INPUT_MISSING', run: [['in/A.wave'], 'out'], remedies: [{ run: [['in/a.wav'], 'out'] }] },
  {
    code: 'E_INPUT_UNREADABLE',
    needsLinks: true,
    prepare: link('in/circle.wav', 'circle.wav'),
    run: [['in/circle.wav'], 'out'],
    remedies: [
      { change: remove('in/circle.wav'), run: plain },
      { change: (at) => [unlinkSync(at('in/circle.wav')), symlinkSync('a.wav', at('in/circle.wav'))] },
    ],
  },
  {
    code: 'E_WAV_STRICT',
    prepare: write('in/a.wav', wav({ byteRate: 1 })),
    run: again({ strict: true }),
    remedies: [{ run: plain }],
  },
  {
    code: 'E_SIGNAL_POWER',
    prepare: write('in/a.wav', wav({ tag: 3, bits: 64, data: new Uint8Array(new Float64Array(9).fill(1e200).buffer) })),
    run: [['in'], 'out', { snr: 9 }],
    remedies: [{ run: plain }, { change: write('in/a.wav') }],
  },
  {
    code: 'E_SIGNAL_POWER',
    prepare: write('in/a.wav', wav({ tag: 3, bits: 64, data: new Uint8Array(Float64Array.of(5e-324).buffer) })),
    run: [['in'], 'out', { sigma: 0, level: { peak: 0 } }],
    remedies: [{ run: [['in'], 'out', { sigma: 0 }] }, { change: write('in/a.wav') }],
  },
  {
    code: 'E_NOISE_LOW',
    run: [['in'], 'out', { ...level, kind: 'pink', parameters: { low: 0.01 } }],
    remedies: [{ run: [['in'], 'out', { ...level, kind: 'pink', parameters: { low: 20 } }] }],
  },
  { code: 'E_NOISE_BANK', run: recorded(), remedies: [{ change: write('noise/n.wav') }] },
  {
    code: 'E_NOISE_BANK',
    prepare: (at) => [write('noise/n.wav')(at), write('noise/text.wav', Buffer.from('no audio'))(at)],
    run: recorded(),
    remedies: [{ change: remove('noise/text.wav') }, { change: write('noise/text.wav') }],
  },
  {
    code: 'E_NOISE_RATE',
    prepare: (at) => [write('in/a.wav', rate(8000))(at), write('noise/n.wav', rate(16_000))(at)],
    run: recorded(),
    remedies: [{ change: write('noise/n.wav', rate(8000)) }],
  },
  {
    code: 'E_NOISE_CHANNELS',
    prepare: (at) => [write('in/a.wav', rate(8000, 5))(at), write('noise/n.wav', rate(8000, 4))(at)],
    run: recorded(),
    remedies: [1, 5, 10].map((channels) => ({ change: write('noise/n.wav', rate(8000, channels)) })),
  },
  {
    code: 'E_NOISE_FEW',
    prepare: (at) => ['1', '2', 'other'].map((n) => write(`noise/${n}.wav`, n === 'other' ? rate(8000) : pcm16())(at)),
    run: recorded({ voices: 3 }),
    remedies: [{ run: recorded({ voices: 2 }) }, { change: write('noise/3.wav') }],
  },
  {
    code: 'E_NOISE_SILENT',
    prepare: write('noise/silent.wav', pcm16(5000, 0)),
    run: recorded(),
    remedies: [{ change: (at) => [remove('noise/silent.wav')(at), write('noise/n.wav')(at)] }],
  },
  {
    code: 'E_SIGNAL_SILENT',
    prepare: write('in/a.wav', wav({ data: new Uint8Array(2000) })),
    run: [['in'], 'out', { snr: 9, silent: 'error' }],
    remedies: [
      { run: [['in'], 'out', { snr: 9, silent: 'copy' }] },
      { run: [['in'], 'out', { snr: 9, silent: 'skip' }] },
      { change: write('in/a.wav') },
    ],
  },
  {
    code: 'E_CLIPPED',
    run: [['in'], 'out', { sigma: 1, clip: 'error' }],
    remedies: [
      { run: [['in'], 'out', { sigma: 1e-3, clip: 'error' }] },
      { run: [['in'], 'out', { sigma: 1, clip: 'error', level: { peak: -1 } }] },
      { run: [['in'], 'out', { sigma: 1, clip: 'clamp' }] },
      { run: [['in'], 'out', { sigma: 1, clip: 'scale' }] },
    ],
  },
  {
    code: 'E_STEM_RANGE',
    run: [['in'], 'out', { sigma: 2, stems: ['clean', 'noise'] }],
    remedies: [
      { run: [['in'], 'out', { sigma: 0.01, stems: ['clean', 'noise'] }] },
      { run: [['in'], 'out', { sigma: 2, stems: ['clean', 'noise'], level: { rms: -30 } }] },
      { run: [['in'], 'out', { sigma: 2, stems: ['clean', 'noise'], clip: 'scale' }] },
      { run: [['in'], 'out', { sigma: 2 }] },
      { change: write('in/a.wav', wav({ tag: 3, bits: 32, data: new Uint8Array(4000) })) },
    ],
  },
  {
    code: 'E_OUTPUT_EXISTS',
    prepare: first(),
    run: plain,
    remedies: [{ run: elsewhere }, { run: again({ resume: true }) }, { run: again({ overwrite: true }) }],
  },
  { code: 'E_OUTPUT_IS_INPUT', run: [['in/a.wav'], 'in', { ...level, overwrite: true }], remedies: [{ run: plain }] },
  {
    code: 'E_OUTPUT_CLASH',
    prepare: write('far/a.wav'),
    run: [['in', 'far'], 'out'],
    remedies: [
      { run: [['in', 'far'], 'out', { ...level, root: '.' }] },
      { change: (at) => renameSync(at('far/a.wav'), at('far/b.wav')) },
    ],
  },
  {
    code: 'E_OUTPUT_OUTSIDE',
    needsLinks: true,
    prepare: (at) => [
      write('in/sub/a.wav')(at),
      rmSync(at('in/a.wav')),
      mkdirSync(at('far')),
      link('out/sub', '../far')(at),
    ],
    run: plain,
    remedies: [{ change: remove('out/sub') }, { run: [['in'], 'far'] }],
  },
  {
    code: 'E_WAV_TRUNCATED',
    prepare: write('in/a.wav', pcm16().subarray(0, 20)),
    run: plain,
    remedies: [{ change: write('in/a.wav') }, { change: (at) => [write('in/b.wav')(at), remove('in/a.wav')(at)] }],
  },
  {
    code: 'E_OUTPUT_PUBLISH',
    prepare: (at) => mkdirSync(at('out/a.wav'), { recursive: true }),
    run: again({ overwrite: true }),
    remedies: [{ change: remove('out/a.wav') }],
  },
  {
    code: 'E_OUTPUT_CREATE',
    prepare: (at) => [write('in/sub/a.wav')(at), write('out/sub')(at)],
    run: [['in/sub'], 'out', { ...level, root: 'in' }],
    remedies: [{ change: remove('out/sub') }],
  },
]

/** All other codes, and where their remedies are tried. */
const others: Readonly<Record<string, readonly ErrorCode[]>> = {
  'below in this file': [
    ...(['E_WAV_UNSUPPORTED', 'E_WAV_NOT_RIFF', 'E_REPORT', 'E_REPORT_CLASH'] as const),
    ...(['E_LIST', 'E_LIST_LINE', 'E_LIST_COMMAND', 'E_INPUT_IN_OUTPUT'] as const),
    ...(['E_NOISE_EMPTY', 'E_NOISE_FILE', 'E_RECIPE'] as const),
  ],
  'not tried here: the remedy is another file, disk, or amount of memory': [
    ...(['E_WAV_NO_FORMAT', 'E_WAV_NO_DATA', 'E_WAV_FORMAT', 'E_WAV_DAMAGED', 'E_WAV_TOO_LONG'] as const),
    ...(['E_INPUT_NOT_FILE', 'E_INPUT_READ', 'E_INPUT_CHANGED', 'E_OUTPUT_WRITE'] as const),
    ...(['E_NO_MEMORY', 'E_SAMPLES_CHANGED', 'E_INTERNAL'] as const),
  ],
  'test/cli/resume.test.ts': ['E_VOLUME_FULL'],
  'test/cli/status.test.ts': ['E_JOURNAL_MISSING'],
  'test/cli/verify.test.ts': ['E_OUTPUT_DIFFERS', 'E_OUTPUT_MISSING', 'E_OUTPUT_FOREIGN', 'E_OUTPUT_READ'],
  'test/cli/replay.test.ts': ['E_REPLAY_ROWS', 'E_REPLAY_ROW', 'E_REPLAY_INPUT', 'E_REPLAY_DIFFERS'],
  'test/files/cache.test.ts': ['E_CACHE'],
  'test/pool/control.test.ts': ['E_TIMEOUT', 'E_TOO_MANY_ERRORS'],
  'test/audio/transform.test.ts': ['E_TRANSFORM_RESULT'],
  'not tried here: choices of backend, kernel and instruction set': [
    ...(['E_BACKEND_UNAVAILABLE', 'E_KERNEL_UNAVAILABLE', 'E_ISA_UNAVAILABLE'] as const),
  ],
  'test/remote': [
    ...(['E_QUEUE', 'E_REMOTE_UNSUPPORTED', 'E_PATH_OUTSIDE', 'E_MACHINES_DIFFER'] as const),
    ...(['E_MESSAGE_INVALID', 'E_MESSAGE_SIGNATURE', 'E_MESSAGE_EXPIRED'] as const),
  ],
  'test/package/bullmq.test.ts': ['E_PACKAGE_MISSING'],
  'not tried here: there is no remedy, or it is to make another call or to look at the cause': [
    ...(['E_OPTION_INVALID', 'E_ITEM_INVALID', 'E_POOL_CLOSED', 'E_POOL_TERMINATED', 'E_CANCELLED'] as const),
    ...(['E_TASK_LOAD', 'E_TASK_NESTED', 'E_TASK_FAILED', 'E_NOT_CLONEABLE'] as const),
    ...(['E_WORKER_DIED', 'E_BACKEND_FAILED', 'E_WORKER_START'] as const),
  ],
}

function place(): At {
  const folder = temporaryFolder()
  writeFiles(folder, { 'in/a.wav': pcm16() })
  return (name) => path.join(folder, name)
}

describe('a remedy removes its error', () => {
  for (const { code, needsLinks = false, prepare, run, remedies } of trials) {
    test.skipIf(needsLinks && isWindows)(`${code}${needsLinks ? ' (needs symbolic links)' : ''}`, async () => {
      for (const remedy of remedies) {
        const at = place()
        await prepare?.(at)
        expect(new Set(await codesOf(at, run))).toEqual(new Set([code]))
        await remedy.change?.(at)
        expect(await codesOf(at, remedy.run ?? run), String(remedy.run ?? remedy.change)).toEqual([])
      }
    })
  }

  test('and every code is in one of the tables', () => {
    const tried = new Set(trials.map(({ code }) => code))
    expect([...tried, ...Object.values(others).flat()].sort()).toEqual([...errorCodes].sort())
  })

  test.each([
    ['E_LIST', 'none', '', ['--from', 'list', '--out', 'out'], 'in/a.wav'],
    ['E_LIST', 'in', '', ['in', '--out', 'out'], ''],
    ['E_LIST', 'list', '\0', ['--from', 'list', '--out', 'out'], 'in/a.wav'],
    ['E_LIST_LINE', 'list.scp', 'in/a.wav', ['--from', 'list.scp', '--out', 'out'], 'id in/a.wav'],
    ['E_LIST_COMMAND', 'list.scp', 'id cat in/a.wav|', ['--from', 'list.scp', '--out', 'out'], 'id in/a.wav'],
    ['E_INPUT_IN_OUTPUT', 'list', 'out/b.wav', ['--from', 'list', '--out', 'out'], 'in/a.wav'],
    ['E_INPUT_IN_OUTPUT', 'list', 'out/b.wav', ['--from', 'list', '--out', 'far'], 'out/b.wav'],
  ])('%s of the list %s', async (code, list, content, corrected, correctedContent) => {
    const at = place()
    write('out/b.wav')(at)
    if (content !== '') write(list, Buffer.from(content))(at)
    const add = (...args: string[]) => noisemill(['add', ...args, '--sigma', '0.1'], { cwd: at('') })
    expect((await add('--from', list, '--out', 'out')).stderr).toContain(`(${code})`)
    if (corrected[0] === '--from') write(corrected[1], Buffer.from(correctedContent))(at)
    expect(await add(...corrected)).toMatchObject({ code: 0, stderr: '' })
  })

  const withNoise = (at: At, options: Partial<AddNoiseOptions>) =>
    codesOf(at, again({ noise: { from: 'noise' }, ...options }))
  const noiseNames = Array.from({ length: 10 }, (_, n) => `noise/${n}.wav`)
  const noisePlace = () => {
    const at = place()
    for (const name of noiseNames) write(name)(at)
    write('noise/empty.wav', pcm16(0))(at)
    return at
  }

  test('E_NOISE_EMPTY', async () => {
    const at = noisePlace()
    const leftOut: string[] = []
    const onNoiseLeftOut = (file: string, { code }: NoisemillError) => leftOut.push(`${path.basename(file)} ${code}`)
    expect(await withNoise(at, { onNoiseLeftOut })).toEqual([])
    expect(leftOut).toEqual(['empty.wav E_NOISE_EMPTY'])
    remove('noise/empty.wav')(at)
    expect(await withNoise(at, { onNoiseLeftOut, overwrite: true })).toEqual([])
    expect(leftOut).toHaveLength(1)
  })

  test('E_NOISE_FILE', async () => {
    const at = noisePlace()
    // The callback comes when the files are indexed.
    const onNoiseLeftOut = () => noiseNames.map((name) => write(name, pcm16(777))(at))
    expect(await withNoise(at, { onNoiseLeftOut })).toEqual(['E_NOISE_FILE'])
    for (const name of noiseNames) write(name)(at)
    expect(await withNoise(at, { resume: true })).toEqual([])
  })

  test('E_RECIPE', async () => {
    const at = place()
    const add = () => noisemill(['add', 'in', '--recipe', 'recipe.json', '--out', 'out'], { cwd: at('') })
    for (const json of ['', '{ "snr": }', '{ "snr": 500 }']) {
      if (json !== '') write('recipe.json', Buffer.from(json))(at)
      const { code, stderr } = await add()
      expect([code, stderr]).toEqual([2, expect.stringMatching(/^noisemill: recipe\.json: .*\(E_RECIPE\)$/m)])
    }
    write('recipe.json', Buffer.from('{ "snr": 50 }'))(at)
    expect(await add()).toMatchObject({ code: 0, stderr: '' })
  })

  test('E_REPORT', async () => {
    const cwd = place()('')
    const add = (out: string, report: string, ...flags: string[]) =>
      noisemill(['add', 'in', '--out', out, '--sigma', '0.1', '--report', report, ...flags], { cwd })
    expect((await add('out', 'r.jsonl')).code).toBe(0)
    expect((await add('other', 'r.jsonl')).stderr).toContain('(E_REPORT)')
    expect((await add('other', 'other.jsonl')).code).toBe(0)
    expect((await add('out', 'r.jsonl', '--overwrite')).code).toBe(0)
  })

  test('E_REPORT_CLASH', async () => {
    const cwd = place()('')
    const add = (report: string) =>
      noisemill(['add', 'in', '--out', 'out', '--sigma', '0.1', '--report', report], { cwd })
    expect((await add(`out/${JOURNAL}`)).stderr).toContain('(E_REPORT_CLASH)')
    expect(await add('out/report')).toMatchObject({ code: 0, stderr: '' })
  })

  test.skipIf(!hasFfmpeg())('E_WAV_UNSUPPORTED and E_WAV_NOT_RIFF, by ffmpeg (needs it)', async ({ skip }) => {
    const at = place()
    const ffmpeg = (...args: string[]) => spawnSync('ffmpeg', ['-v', 'error', '-nostdin', ...args]).status === 0
    const sine = ['-f', 'lavfi', '-i', 'sine=duration=1:sample_rate=8000']
    for (const [codec, extension] of [['libmp3lame'], ['g726'], ['pcm_s64le'], ['flac', 'flac']]) {
      const name = `${codec}.${extension ?? 'wav'}`
      if (!ffmpeg(...sine, '-c:a', codec, at(name))) skip(`this ffmpeg cannot write ${codec}`)
      const code = extension === undefined ? 'E_WAV_UNSUPPORTED' : 'E_WAV_NOT_RIFF'
      expect(await codesOf(at, [[name], 'out']), name).toEqual([code])
      expect(ffmpeg('-i', at(name), '-c:a', 'pcm_s16le', at(`${codec}.pcm.wav`)), name).toBe(true)
      expect(await codesOf(at, [[`${codec}.pcm.wav`], 'out']), name).toEqual([])
    }
  })
})

describe('the remedy of a fault of the system, whatever the code', () => {
  const args = ['add', 'in', '--out', 'out', '--sigma', '0.1']

  posixTest('ELOOP (needs symbolic links)', async () => {
    const at = place()
    link('in/circle.wav', 'circle.wav')(at)
    link('circle', 'circle')(at)
    for (const run of [[args[0], 'in', '--out', 'circle/out', ...args.slice(4)], args]) {
      const { stderr } = await noisemill(run, { cwd: at('') })
      expect(stderr).toMatch(/\(ELOOP\)\. .*symbolic links.* lead in a circle: correct or remove them\./)
    }
    remove('in/circle.wav')(at)
    expect(await noisemill([...args, '--resume'], { cwd: at('') })).toMatchObject({ code: 0, stderr: '' })
  })

  posixTest('EROFS (needs mount)', async ({ skip }) => {
    const at = place()
    const volume = mountVolume(at(''), 'size=1m') ?? skip('mounting is not permitted')
    spawnSync('mount', ['-o', 'remount,ro', volume])
    const { stderr } = await noisemill(['add', 'in', '--out', 'volume/out', ...args.slice(4)], { cwd: at('') })
    expect(stderr).toMatch(/\(EROFS\)\. Its file system is mounted read-only: choose a folder on another one\./)
    expect(await noisemill(args, { cwd: at('') })).toMatchObject({ code: 0, stderr: '' })
  })

  const limited = (at: At, limit: number, ...flags: string[]) =>
    start(underLimit(`-n ${limit}`, [process.execPath, bin, ...args, ...flags]), { cwd: at('') }).ended

  /** Raises the limit of open files until a run succeeds. Returns this limit, and what the runs before it printed. */
  async function raised(at: At, ...flags: string[]): Promise<{ limit: number; failures: string[] }> {
    const failures: string[] = []
    // At the first limits Node does not start.
    for (let limit = 15; limit < 256; limit++) {
      const { code, stderr } = await limited(at, limit, ...flags)
      if (code === 0) return { limit, failures }
      failures.push(stderr)
    }
    throw new Error(failures.at(-1))
  }

  posixTest('EMFILE: a higher limit (needs ulimit)', async () => {
    const { failures } = await raised(place())
    const lacking = failures.filter((stderr) => stderr.includes('(EMFILE)'))
    expect(lacking.length).toBeGreaterThan(0)
    for (const stderr of lacking) expect(stderr).toMatch(/\(EMFILE\)\. Raise the limit of open files \(ulimit -n\)/)
  })

  describeNative('with native threads', () => {
    posixTest('EMFILE: a smaller size (needs ulimit)', async () => {
      const at = place()
      rmSync(at('in'), { recursive: true })
      writeLongInputs(at('in'), 12)
      const flags = ['--backend', 'native', '--overwrite', '--jobs']
      // One more than the least, because the walk may have a folder open at the same time.
      const limit = (await raised(at, ...flags, '1')).limit + 1
      const many = await limited(at, limit, ...flags, '12')
      expect(many.code).toBe(1)
      for (const line of linesOf(many.stderr)) expect(line).toMatch(/\(EMFILE\)\. .*, or pass a smaller --jobs\. \(E_/)
      expect(await limited(at, limit, ...flags, '1')).toMatchObject({ code: 0, stderr: '' })
    })
  })

  const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
  test.skipIf(!canTrace)('ENFILE: the file is done once it can be opened (needs strace)', async () => {
    const at = place()
    const fault = ['-f', '-qq', '-o', 'trace', '-P', 'in/a.wav', '-e', 'inject=openat,open:error=ENFILE']
    const traced = ['strace', ...fault, process.execPath, bin, ...args]
    const { stderr } = await start(traced, { cwd: at('') }).ended
    expect(stderr).toContain('(ENFILE). The whole system has too many open files: close other programs. (E_')
    expect(await noisemill([...args, '--resume'], { cwd: at('') })).toMatchObject({ code: 0, stderr: '' })
  })
})
