import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { writeFiles, writeLongInputs } from '../support/files.js'
import { filesBelow, hashesBelow, native, slashed, temporaryFolder } from '../support/folders.js'
import { jsonOf, linesOf, noisemill } from '../support/programs.js'
import { deviationError, snrError } from '../support/statistics.js'
import { posixTest } from '../support/systems.js'
import { formats, HEADER_BYTES, PCM16_FRAMES, pcm16, sine, wav } from '../support/wav.js'

/** A folder to run in: `in` holds a.wav and deep/b.wav, of the same samples. */
function workplace(): string {
  const cwd = temporaryFolder()
  writeFiles(path.join(cwd, 'in'), { 'a.wav': pcm16(), 'deep/b.wav': pcm16() })
  return cwd
}

/** Runs `add in` with these flags, and `--out out --sigma 0.01` where they say nothing else, which must succeed. */
async function add(cwd: string, ...flags: string[]) {
  const presets = { '--out': 'out', '--sigma': '0.01' }
  const missing = Object.entries(presets).filter(([flag]) => !flags.includes(flag))
  const ended = await noisemill(['add', 'in', ...missing.flat(), '--json', ...flags], { cwd })
  expect({ ...ended, stdout: '' }).toEqual({ code: 0, stdout: '', stderr: '' })
  const { files, summary } = jsonOf(ended)
  return { files: new Map(files.map((file) => [file.key, file])), summary }
}

let reference: Promise<Record<string, string>> | undefined

/** Hashes of what `add` makes without further flags. */
function plainHashes(): Promise<Record<string, string>> {
  const run = async (cwd: string) => add(cwd).then(() => hashesBelow(path.join(cwd, 'out')))
  reference ??= run(workplace())
  return reference
}

const samplesOf = (file: string) => {
  const data = readFileSync(file).subarray(HEADER_BYTES)
  return Array.from({ length: data.length / 2 }, (_, i) => data.readInt16LE(2 * i) / 2 ** 15)
}

const power = (values: readonly number[]) => values.reduce((sum, x) => sum + x * x, 0) / values.length

/** RMS of what was added, and the SNR in decibels, from the files alone. */
function measure(cwd: string, name: string) {
  const signal = samplesOf(path.join(cwd, 'in', name))
  const noisy = samplesOf(path.join(cwd, 'out', name))
  const noise = power(noisy.map((x, i) => x - signal[i]))
  return { sigma: Math.sqrt(noise), snr: 10 * Math.log10(power(signal) / noise) }
}

describe('levels', () => {
  test('--sigma is the standard deviation of what is added', async () => {
    const cwd = temporaryFolder()
    const frames = 200_000
    writeFiles(cwd, { 'in/a.wav': pcm16(frames) })
    await add(cwd, '--sigma', '0.02')
    // 0.8 %, beside which what rounding to 16 bits adds is nothing.
    expect(Math.abs(measure(cwd, 'a.wav').sigma / 0.02 - 1)).toBeLessThan(deviationError(frames))
  })

  test('--snr is the ratio that the outputs have', async () => {
    const cwd = workplace()
    const ended = await noisemill(['add', 'in', '--out', 'out', '--snr', '-3', '--json'], { cwd })
    for (const { key, snr, error } of jsonOf(ended).files) {
      expect(error).toBeUndefined()
      const measured = measure(cwd, key)
      expect(Math.abs(measured.snr + 3)).toBeLessThan(snrError(PCM16_FRAMES))
      expect(snr).toBeCloseTo(measured.snr, 6)
    }
  })

  test.each([
    ['--sigma', '0.01:0.02', 'sigma'],
    ['--snr', '-6:6', 'snr'],
  ] as const)('%s %s draws a level for each file within the range', async (flag, range, field) => {
    const cwd = workplace()
    const ended = await noisemill(['add', 'in', '--out', 'out', flag, range, '--copies', '5', '--json'], { cwd })
    const [low, high] = range.split(':').map(Number)
    const levels: number[] = jsonOf(ended).files.map((file) => file[field])
    expect(levels).toHaveLength(10)
    // The SNR that is achieved is not quite the one that was drawn.
    const slack = field === 'snr' ? 0.25 : 0
    for (const level of levels) expect(level >= low - slack && level <= high + slack).toBe(true)
    expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan((high - low) / 4)
  })
})

describe('which noise', () => {
  test('--seed decides the noise; without it the seed is 0', async () => {
    const cwd = workplace()
    const [plain, , { files, summary }] = await Promise.all([
      plainHashes(),
      add(cwd, '--out', 'zero', '--seed', '0'),
      add(cwd, '--out', 'text', '--seed', 'a text'),
    ])
    expect(hashesBelow(path.join(cwd, 'zero'))).toEqual(plain)
    expect(hashesBelow(path.join(cwd, 'text'))['a.wav']).not.toBe(plain['a.wav'])
    expect([files.get('a.wav').seed, summary.seed]).toEqual(['a text', 'a text'])
  })

  test('--root gives output names and keys: a file alone gets what it gets with its folder', async () => {
    const cwd = workplace()
    const args = ['add', 'in/deep/b.wav', '--root', 'in', '--out', 'alone', '--sigma', '0.01', '--json']
    const { files } = jsonOf(await noisemill(args, { cwd }))
    expect(files.map((file) => [file.key, file.output])).toEqual([['deep/b.wav', native('alone/deep/b.wav')]])
    const plain = await plainHashes()
    expect(hashesBelow(path.join(cwd, 'alone'))).toEqual({ 'deep/b.wav': plain['deep/b.wav'] })
  })

  test('--copies makes so many variants of each file, all different', async () => {
    const cwd = workplace()
    const { summary } = await add(cwd, '--copies', '3')
    const hashes = hashesBelow(path.join(cwd, 'out'))
    const names = ['a.1.wav', 'a.2.wav', 'a.3.wav', 'deep/b.1.wav', 'deep/b.2.wav', 'deep/b.3.wav']
    expect(Object.keys(hashes)).toEqual(names)
    expect(new Set(Object.values(hashes)).size).toBe(6)
    expect(summary.done).toBe(6)
  })

  test('--kind gaussian is the default', async () => {
    const cwd = workplace()
    await add(cwd, '--kind', 'gaussian')
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual(await plainHashes())
  })

  test('--no-clip lets float samples exceed 1', async () => {
    const cwd = temporaryFolder()
    writeFiles(path.join(cwd, 'in'), {
      'f.wav': wav({ tag: 3, bits: 32, data: sine(formats[4], PCM16_FRAMES, 1, 0.9) }),
    })
    // So loud a noise is clipped in more than 1 % of the samples, which `add` would not expect.
    const args = ['add', 'in', '--sigma', '0.5', '--out', 'clipped', '--json']
    const [{ files: clipped }, free] = await Promise.all([
      noisemill(args, { cwd }).then(jsonOf),
      add(cwd, '--sigma', '0.5', '--no-clip'),
    ])
    expect(clipped).toMatchObject([{ key: 'f.wav', warnings: ['W_CLIPPED'] }])
    expect(clipped[0].clipped).toBeGreaterThan(0)
    expect(free.files.get('f.wav').clipped).toBe(0)
    const data = readFileSync(path.join(cwd, 'out/f.wav')).subarray(HEADER_BYTES)
    const largest = Math.max(...Array.from({ length: PCM16_FRAMES }, (_, i) => Math.abs(data.readFloatLE(4 * i))))
    expect(largest).toBeGreaterThan(1)
  })
})

describe('what it runs on', () => {
  // More than the four threads that libuv has by itself.
  test.each([
    ['7', 7],
    ['1e1', 10],
  ])('--jobs %s is the size of the pool, and as many threads work', async (jobs, size) => {
    expect((await add(workplace(), '--jobs', jobs)).summary).toMatchObject({ size, threads: size })
  })

  describeBackends('--backend and --kernel ts', (backend) => {
    test('decide what the summary says that it ran on', async () => {
      const { summary } = await add(workplace(), '--backend', backend, '--kernel', 'ts')
      expect(summary).toMatchObject({ backend, reason: 'asked for', kernel: backend === 'native' ? 'c++' : 'ts' })
    })
  })

  test('one --chunk-size for a long file and short ones behind it leaves out none', async () => {
    const cwd = temporaryFolder()
    writeLongInputs(path.join(cwd, 'long'), 1)
    writeFiles(cwd, { '1.wav': pcm16(), '2.wav': pcm16(), '3.wav': pcm16() })
    // The pool hands the short ones to the second thread, whichever thread got the chunk.
    const names = ['long/0.wav', '1.wav', '2.wav', '3.wav']
    const flags = ['--chunk-size', '4', '--jobs', '2', '--backend', 'workers', '--json']
    const ended = await noisemill(['add', ...names, '--out', 'out', '--sigma', '1', ...flags], { cwd })
    expect(
      jsonOf(ended)
        .files.map((file) => slashed(file.input))
        .sort(),
    ).toEqual([...names].sort())
  })

  test('no --chunk-size changes any output', async () => {
    const cwd = workplace()
    const plain = await plainHashes()
    for (const size of ['1', 'auto']) {
      await add(cwd, '--chunk-size', size, '--overwrite')
      expect(hashesBelow(path.join(cwd, 'out'))).toEqual(plain)
    }
  })
})

describe('outputs', () => {
  test('mirror the folder of the inputs, and a sigma of 0 changes no byte of them', async () => {
    const cwd = workplace()
    writeFileSync(path.join(cwd, 'in/notes.txt'), 'not audio')
    writeFileSync(path.join(cwd, 'in/._a.wav'), 'what macOS leaves on other file systems')
    await add(cwd, '--sigma', '0')
    const { 'a.wav': a, 'deep/b.wav': b } = hashesBelow(path.join(cwd, 'in'))
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual({ 'a.wav': a, 'deep/b.wav': b })
  })

  test('a glob takes the files that it matches, named from its literal prefix', async () => {
    const cwd = workplace()
    await noisemill(['add', 'in/**/b.*', '--out', 'out', '--sigma', '0.1'], { cwd })
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['deep/b.wav'])
  })

  test('--overwrite replaces outputs that are there, and nothing else', async () => {
    const cwd = workplace()
    writeFiles(path.join(cwd, 'out'), { 'a.wav': Buffer.from('old'), 'other.wav': Buffer.from('of someone else') })
    const { 'other.wav': other } = hashesBelow(path.join(cwd, 'out'))
    await add(cwd, '--overwrite')
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual({ ...(await plainHashes()), 'other.wav': other })
  })

  test('--dry-run measures and writes nothing', async () => {
    const cwd = workplace()
    const { files, summary } = await add(cwd, '--dry-run')
    expect(existsSync(path.join(cwd, 'out'))).toBe(false)
    expect(summary).toMatchObject({ planned: 2, done: 0, failed: 0 })
    expect(files.get('a.wav')).toMatchObject({
      status: 'planned',
      frames: PCM16_FRAMES,
      sigma: 0.01,
      output: native('out/a.wav'),
    })
  })

  test('--strict refuses files that would be warned of, and does the others', async () => {
    const cwd = temporaryFolder()
    const lying = wav({ data: sine(formats[1], PCM16_FRAMES), byteRate: 1, dataSize: 0xffffffff })
    writeFiles(path.join(cwd, 'in'), { 'good.wav': pcm16(), 'lying.wav': lying })
    const args = ['add', 'in', '--out', 'out', '--sigma', '0.1', '--quiet']
    const strict = await noisemill([...args, '--strict'], { cwd })
    expect(strict).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('W_SIZE_UNKNOWN, W_BYTE_RATE'),
    })
    expect(strict.stderr).toContain('(E_WAV_STRICT)')
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['good.wav'])
    const { code } = await noisemill([...args, '--overwrite'], { cwd })
    expect(code).toBe(0)
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['good.wav', 'lying.wav'])
  })

  posixTest('names that only look alike in print are two outputs (needs names with control characters)', async () => {
    const cwd = temporaryFolder()
    writeFiles(path.join(cwd, 'in'), { '\x01.wav': pcm16(), '\\x01.wav': pcm16() })
    await noisemill(['add', 'in', '--out', 'out', '--sigma', '0.1'], { cwd })
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['\x01.wav', '\\x01.wav'])
  })

  posixTest('outputs do not become inputs where a link leads to them (needs symbolic links)', async () => {
    const cwd = workplace()
    // As an earlier run left it.
    writeFiles(path.join(cwd, 'out'), { 'old.wav': pcm16() })
    symlinkSync('../out', path.join(cwd, 'in/link'))
    const { stdout } = await noisemill(['add', 'in', '--out', 'out', '--sigma', '0.1', '--json'], { cwd })
    expect(linesOf(stdout).filter((line) => line.includes('old.wav'))).toEqual([])
  })
})
