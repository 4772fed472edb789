/** Outputs: a file with a final name is complete, nothing is replaced without `overwrite`, and inputs are only read. */

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  addNoiseToFiles,
  type FileItem,
  type FileResult,
  type NoiseOptions,
  noiseTask,
  Pool,
} from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { isRoot, isWindows, mountVolume, posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const speech = pcm16(5000) // 10 KB
const other = pcm16(5000, 0.5)

const remount = (volume: string, options: string) =>
  expect(spawnSync('mount', ['-o', `remount,${options}`, volume]).status).toBe(0)

describeBackends('outputs', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  const noisy = (options: NoiseOptions, items: FileItem[]): Promise<FileResult[]> =>
    pool.map(noiseTask({ sigma: 0.1, ...options }), items)
  const codesOf = (results: FileResult[]) => results.map(({ status, error }) => error?.code ?? status)

  /** Files in a fresh folder, by name. */
  function place(files: Record<string, Uint8Array>): (name: string) => string {
    const folder = temporaryFolder()
    writeFiles(folder, files)
    return (name) => path.join(folder, name)
  }

  test('what has the name of an output already is left as it is', async () => {
    const at = place({ '1.wav': speech, '2.wav': speech, 'out/1.wav': Buffer.from('mine') })
    mkdirSync(at('out/2.wav'))
    await expectKept(at, ['1.wav', '2.wav'])
    expect(readFileSync(at('out/1.wav'), 'utf8')).toBe('mine')
  })

  posixTest('and so is a link that leads nowhere (needs symbolic links)', async () => {
    const at = place({ '1.wav': speech, '2.wav': speech, 'out/1.wav': Buffer.from('mine') })
    symlinkSync('nowhere', at('out/2.wav'))
    await expectKept(at, ['1.wav', '2.wav'])
    expect(existsSync(at('out/nowhere'))).toBe(false)
  })

  /** Outputs of these names are there already, and stay. */
  async function expectKept(at: (name: string) => string, names: string[]): Promise<void> {
    for (const dryRun of [false, true]) {
      const results = await noisy({ out: at('out'), dryRun }, names.map(at))
      expect(codesOf(results)).toEqual(names.map(() => 'E_OUTPUT_EXISTS'))
      expect(results.map(({ error }) => error?.path)).toEqual(names.map((name) => at(`out/${name}`)))
    }
    expect(readdirSync(at('out'))).toEqual(names)
  }

  test('overwrite puts a new file in the place of the old one, and writes through no hard link', async () => {
    const at = place({ '1.wav': speech, '2.wav': speech, 'out/1.wav': Buffer.alloc(99_999), 'far.wav': other })
    linkSync(at('far.wav'), at('out/2.wav'))
    linkSync(at('out/1.wav'), at('old.wav'))
    await expectReplaced(at)
    expect(readFileSync(at('old.wav')).length).toBe(99_999)
  })

  posixTest('nor through a symbolic one (needs symbolic links)', async () => {
    const at = place({ '1.wav': speech, '2.wav': speech, 'out/1.wav': Buffer.alloc(99_999), 'far.wav': other })
    symlinkSync('../far.wav', at('out/2.wav'))
    await expectReplaced(at)
  })

  /** New files of both are put in the place of those that are there, of which the second is a link to far.wav. */
  async function expectReplaced(at: (name: string) => string): Promise<void> {
    const fresh = await noisy({ out: at('fresh') }, [at('1.wav'), at('2.wav')])
    const results = await noisy({ out: at('out'), overwrite: true }, [at('1.wav'), at('2.wav')])
    expect(codesOf(results)).toEqual(['done', 'done'])
    results.forEach(({ output }, i) => {
      expect(readFileSync(output).equals(readFileSync(fresh[i].output))).toBe(true)
    })
    expect(lstatSync(at('out/2.wav')).isFile()).toBe(true)
    expect(readFileSync(at('far.wav')).equals(other)).toBe(true)
    expect(filesBelow(at('out'))).toEqual(['1.wav', '2.wav'])
  }

  test('overwrite does not remove a folder, and leaves no temporary file', async () => {
    const at = place({ '1.wav': speech, 'out/1.wav/kept.txt': Buffer.from('kept') })
    const [result] = await noisy({ out: at('out'), overwrite: true }, [at('1.wav')])
    const errno = isWindows ? 'EPERM' : 'EISDIR'
    expect(result.error).toMatchObject({ code: 'E_OUTPUT_PUBLISH', errno, path: at('out/1.wav') })
    expect(filesBelow(at('out'))).toEqual(['1.wav/kept.txt'])
  })

  test('an output that is the input is refused, however it is reached', async () => {
    const at = place({ 'in/a.wav': speech })
    linkSync(at('in/a.wav'), at('hard.wav'))
    const inputs = [at('in/a.wav'), at('hard.wav')]
    await expectUntouched(at, inputs, [...inputs, `${at('in')}/../in//a.wav`])
    expect(filesBelow(at(''))).toEqual(['hard.wav', 'in/a.wav'])
  })

  posixTest('by a link as well (needs symbolic links)', async () => {
    const at = place({ 'in/a.wav': speech })
    symlinkSync('in/a.wav', at('soft.wav'))
    linkSync(at('in/a.wav'), at('hard.wav'))
    symlinkSync('in', at('linked'))
    const inputs = [at('in/a.wav'), at('soft.wav'), at('hard.wav')]
    await expectUntouched(at, inputs, [...inputs, at('linked/a.wav')])
    expect(filesBelow(at(''))).toEqual(['hard.wav', 'in/a.wav', 'linked', 'soft.wav'])
  })

  /** All names are those of in/a.wav. */
  async function expectUntouched(at: (name: string) => string, inputs: string[], outputs: string[]): Promise<void> {
    const before = statSync(at('in/a.wav'), { bigint: true })
    for (const overwrite of [false, true]) {
      for (const input of inputs) {
        for (const output of outputs) {
          const [{ error }] = await noisy({ overwrite }, [{ input, output }])
          expect(error, `${input} to ${output}`).toMatchObject({ code: 'E_OUTPUT_IS_INPUT', path: output })
        }
      }
    }
    const after = statSync(at('in/a.wav'), { bigint: true })
    expect([after.ino, after.mtimeNs, after.ctimeNs]).toEqual([before.ino, before.mtimeNs, before.ctimeNs])
  }

  test('folders are made for good files and not for bad ones', async () => {
    const at = place({ 'good.wav': speech, 'bad.wav': Buffer.from('RIFF') })
    const results = await noisy({}, [
      { input: at('good.wav'), output: at('new/a/b/c/good.wav') },
      { input: at('bad.wav'), output: at('new/d/bad.wav') },
    ])
    expect(codesOf(results)).toEqual(['done', 'E_WAV_TRUNCATED'])
    expect(readdirSync(at('new'))).toEqual(['a'])
    expect(filesBelow(at('new'))).toEqual(['a/b/c/good.wav'])
  })

  posixTest(
    'where no folder can be, the file fails with the name of the fault (needs the faults of POSIX)',
    async () => {
      const at = place({ 'a.wav': speech, file: Buffer.from('a file') })
      symlinkSync('nowhere', at('dangling'))
      symlinkSync('circle', at('circle'))
      await expectFaults(at, [
        ['file/a.wav', 'ENOTDIR'],
        ['file/below/a.wav', 'ENOTDIR'],
        ['dangling/a.wav', 'ENOENT'],
        ['circle/a.wav', 'ELOOP'],
        [`${'n'.repeat(256)}/a.wav`, 'ENAMETOOLONG'], // 255 bytes are a name's most
      ])
      expect(filesBelow(at(''))).toEqual(['a.wav', 'circle', 'dangling', 'file'])
    },
  )

  test('where no folder can be, the file fails', async () => {
    const at = place({ 'a.wav': speech, file: Buffer.from('a file') })
    await expectFaults(at, [['file/a.wav'], ['file/below/a.wav'], [`${'n'.repeat(256)}/a.wav`]])
    expect(filesBelow(at(''))).toEqual(['a.wav', 'file'])
  })

  /** Outputs that cannot be, and the fault, where it is known which. */
  async function expectFaults(at: (name: string) => string, cases: (readonly [name: string, errno?: string])[]) {
    const results = await noisy(
      {},
      cases.map(([name]) => ({ input: at('a.wav'), output: at(name) })),
    )
    cases.forEach(([name, errno], i) => {
      const fault = { errno: errno ?? expect.stringMatching(/^E[A-Z]+$/) }
      expect(results[i].error, name).toMatchObject({ code: 'E_OUTPUT_CREATE', ...fault, path: at(name) })
    })
  }

  test('an output folder that is a file refuses the run', async () => {
    const at = place({ 'in/a.wav': speech, 'in/b.wav': speech, file: Buffer.from('a file') })
    for (const out of ['file', 'file/below']) {
      const results = addNoiseToFiles(at('in'), { out: at(out), sigma: 0.1, pool })
      await expect(results.next(), out).rejects.toMatchObject({ code: 'E_OUTPUT_FOLDER', path: at(out) })
    }
    expect(filesBelow(at(''))).toEqual(['file', 'in/a.wav', 'in/b.wav'])
  })

  test.skipIf(isWindows || isRoot)(
    'a folder that may not be written to fails the file (needs POSIX permissions; root may write to all)',
    async () => {
      const at = place({ 'a.wav': speech, 'out/kept.txt': Buffer.from('kept') })
      chmodSync(at('out'), 0o555)
      onTestFinished(() => chmodSync(at('out'), 0o755))
      const results = await noisy({ out: at('out') }, [
        at('a.wav'),
        { input: at('a.wav'), output: at('out/below/a.wav') },
      ])
      for (const { error } of results) expect(error).toMatchObject({ code: 'E_OUTPUT_CREATE', errno: 'EACCES' })
      expect(filesBelow(at('out'))).toEqual(['kept.txt'])
    },
  )

  posixTest(
    'who may read, write and execute an input may do so with its output, whatever the umask (needs POSIX permissions)',
    async () => {
      const modes = [0o600, 0o640, 0o644, 0o666, 0o444, 0o777, 0o4755]
      const names = modes.map((mode) => `${mode.toString(8)}.wav`)
      const at = place(Object.fromEntries(names.map((name) => [name, speech])))
      modes.forEach((mode, i) => {
        chmodSync(at(names[i]), mode)
      })
      const umask = process.umask(0o027)
      onTestFinished(() => {
        process.umask(umask)
      })
      expect(codesOf(await noisy({ out: at('out') }, names.map(at)))).toEqual(modes.map(() => 'done'))
      const modesOf = names.map((name) => statSync(at(`out/${name}`)).mode & 0o7777)
      expect(modesOf).toEqual(modes.map((mode) => mode & 0o777))
    },
  )

  posixTest(
    'an input stays as it was, in a folder that nothing can be written to (needs POSIX permissions)',
    async () => {
      const at = place({ 'in/a.wav': speech })
      chmodSync(at('in/a.wav'), 0o444)
      chmodSync(at('in'), 0o555)
      onTestFinished(() => chmodSync(at('in'), 0o755))
      const before = statSync(at('in/a.wav'), { bigint: true })
      expect(codesOf(await noisy({ out: at('out') }, [at('in/a.wav')]))).toEqual(['done'])
      const after = statSync(at('in/a.wav'), { bigint: true })
      expect([after.mtimeNs, after.ctimeNs]).toEqual([before.mtimeNs, before.ctimeNs])
      expect(readFileSync(at('in/a.wav')).equals(speech)).toBe(true)
      expect(readdirSync(at('in'))).toEqual(['a.wav'])
    },
  )

  posixTest('an input on a volume that is mounted to be read only is worked on (needs mount)', async ({ skip }) => {
    const volume = mountVolume(temporaryFolder(), 'size=1m') ?? skip('mounting is not permitted')
    writeFileSync(path.join(volume, 'a.wav'), speech)
    remount(volume, 'ro')
    const out = path.join(temporaryFolder(), 'out')
    expect(codesOf(await noisy({ out }, [path.join(volume, 'a.wav')]))).toEqual(['done'])
    const [onVolume] = await noisy({ out: path.join(volume, 'out') }, [path.join(volume, 'a.wav')])
    expect(onVolume.error).toMatchObject({ code: 'E_OUTPUT_CREATE', errno: 'EROFS' })
  })

  posixTest(
    'a full volume fails the file, keeps those before it whole and nothing of itself (needs mount)',
    async ({ skip }) => {
      const at = place({ 'small.wav': speech, 'large.wav': pcm16(300_000) })
      const volume = mountVolume(temporaryFolder(), 'size=256k') ?? skip('mounting is not permitted')
      // One after the other: for a moment the large one fills the volume for both.
      const results = [
        ...(await noisy({ out: volume }, [at('small.wav')])),
        ...(await noisy({ out: volume }, [at('large.wav')])),
      ]
      expect(codesOf(results)).toEqual(['done', 'E_VOLUME_FULL'])
      expect(results[1].error).toMatchObject({ errno: 'ENOSPC', path: path.join(volume, 'large.wav') })
      expect(readdirSync(volume)).toEqual(['small.wav'])
      const [alone] = await noisy({ out: at('out') }, [at('small.wav')])
      expect(readFileSync(results[0].output).equals(readFileSync(alone.output))).toBe(true)
    },
  )

  posixTest('a volume without room for one more file is full too (needs mount)', async ({ skip }) => {
    const at = place({ 'a.wav': speech })
    const volume = mountVolume(temporaryFolder(), 'nr_inodes=2') ?? skip('mounting is not permitted') // its folder, and one file
    writeFileSync(path.join(volume, 'one'), '')
    const results = await noisy({}, [
      { input: at('a.wav'), output: path.join(volume, 'a.wav') },
      { input: at('a.wav'), output: path.join(volume, 'folder/a.wav') },
    ])
    expect(codesOf(results)).toEqual(['E_VOLUME_FULL', 'E_VOLUME_FULL'])
    expect(readdirSync(volume)).toEqual(['one'])
  })
})
