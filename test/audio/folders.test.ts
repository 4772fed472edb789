/** `transformFiles`: folders, the journal, and what resuming depends on. */

import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { addNoiseToFiles, type TransformFilesOptions, type TransformResult, transformFiles } from '../../dist/index.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, root, temporaryFolder } from '../support/folders.js'
import { start } from '../support/programs.js'
import { collect } from '../support/sources.js'
import { posixTest } from '../support/systems.js'
import { pcm16, wav } from '../support/wav.js'

const HALF = 'export const change = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))\n'

/** A folder with inputs and a module, and a call that transforms them. */
function place(code = HALF) {
  const folder = temporaryFolder()
  const at = (name: string) => path.join(folder, name)
  writeFiles(folder, {
    'in/a.wav': pcm16(),
    'in/deep/b.wav': pcm16(500),
    'in/notes.txt': Buffer.from('no audio'),
    'change.mjs': Buffer.from(code),
  })
  const run = async (options: Partial<TransformFilesOptions> = {}): Promise<TransformResult[]> => {
    const given = { out: at('out'), backend: 'workers', size: 2, ...options } as const
    return collect(transformFiles(at('in'), pathToFileURL(at('change.mjs')), 'change', given))
  }
  const statuses = async (options?: Partial<TransformFilesOptions>) =>
    (await run(options)).map(({ key, status, error }) => `${key} ${error?.code ?? status}`).sort()
  return { at, run, statuses }
}

const ALL = ['a.wav', 'deep/b.wav']
const all = (what: string) => ALL.map((name) => `${name} ${what}`)

test('walks folders, and writes outputs to the same paths', async () => {
  const { at, statuses } = place()
  expect(await statuses()).toEqual(all('done'))
  expect(filesBelow(at('out'))).toEqual(ALL)
  const expected = pcm16(500)
  for (let i = 44; i < expected.length; i += 2) {
    const half = expected.readInt16LE(i) / 2
    expected.writeInt16LE(half % 1 === 0 ? half : 2 * Math.round(half / 2), i)
  }
  expect(readFileSync(at('out/deep/b.wav')).equals(expected)).toBe(true)
  expect(await statuses()).toEqual(all('E_OUTPUT_EXISTS'))
  expect(await statuses({ overwrite: true })).toEqual(all('done'))
})

test('resuming skips what is done, with its figures, and does the rest', async () => {
  const { at, run, statuses } = place()
  const before = await run()
  const figures = ({ status, warnings, seconds, ...rest }: TransformResult) => rest
  const skipped = await run({ resume: true })
  expect(skipped.map(({ status }) => status)).toEqual(['skipped', 'skipped'])
  const byKey = (a: TransformResult, b: TransformResult) => (a.key < b.key ? -1 : 1)
  expect(skipped.sort(byKey).map(figures)).toEqual(before.sort(byKey).map(figures))
  utimesSync(at('in/a.wav'), 1, 1)
  writeFileSync(at('in/c.wav'), wav())
  expect(await statuses({ resume: true })).toEqual(['a.wav done', 'c.wav done', 'deep/b.wav skipped'])
})

test('the module, the data and other settings are part of what is resumed', async () => {
  const { at, run } = place()
  await run({ data: { x: [1, 2] }, seed: 1 })
  const code = async (options: Partial<TransformFilesOptions>) =>
    run({ resume: true, ...options }).then(
      () => 'resumed',
      ({ code, received }) => `${code} ${received}`,
    )
  expect(await code({ data: { x: [1, 2] }, seed: 1 })).toBe('resumed')
  expect(await code({ data: { x: [1, 3] }, seed: 1 })).toMatch(/^E_RESUME_SETTINGS data was "\w{32}" and is "\w{32}"$/)
  expect(await code({ data: { x: [1, 2] }, seed: 2 })).toMatch(/^E_RESUME_SETTINGS seed was "1" and is "2"$/)
  expect(await code({ data: { x: [1, 2] }, seed: 1, blocks: true })).toMatch(/^E_RESUME_SETTINGS blocks was not given/)
  writeFileSync(at('change.mjs'), HALF.replace('2', '4'))
  expect(await code({ data: { x: [1, 2] }, seed: 1 })).toMatch(/^E_RESUME_SETTINGS module was/)
  const noise = addNoiseToFiles(at('in'), { out: at('out'), snr: 10, resume: true })
  await expect(collect(noise)).rejects.toMatchObject({ code: 'E_RESUME_SETTINGS' })
})

test('files whose function threw, never ended or ended its thread are done by the next run', async () => {
  const ends = ['throw new Error("no")', 'for (;;);', 'process.exit(3)', 'return 7']
  for (const end of ends) {
    const { at, statuses } = place(`
      import { existsSync } from 'node:fs'
      export function change({ key, frame }, file) {
        if (key === 'a.wav' && frame > 0 && existsSync(file)) { ${end} }
      }`)
    writeFileSync(at('bad'), '')
    const options = { data: at('bad'), blocks: 1000, timeout: 3000, chunkSize: 1 }
    expect((await statuses(options)).map((line) => line.replace(/E_\w+/, 'failed'))).toEqual([
      'a.wav failed',
      'deep/b.wav done',
    ])
    expect(filesBelow(at('out'))).toEqual(['deep/b.wav'])
    writeFileSync(at('in/other.wav'), pcm16(10))

    rmSync(at('bad'))
    expect(await statuses({ ...options, resume: true })).toEqual(['a.wav done', 'deep/b.wav skipped', 'other.wav done'])
    expect(readFileSync(at('out/a.wav')).equals(pcm16())).toBe(true)
  }
})

posixTest('what a run that was killed has left is removed by the next one, and its files are done again', async () => {
  const { at, run, statuses } = place(`
    import { existsSync } from 'node:fs'
    export function change({ frame }, file) {
      if (frame > 0 && existsSync(file)) process.kill(process.pid, 'SIGTERM')
    }`)
  writeFileSync(at('kill'), '')
  writeFileSync(
    at('run.mjs'),
    `import { transformFiles } from ${JSON.stringify(pathToFileURL(path.join(root, 'dist/index.js')))}
    const options = { out: 'out', backend: 'workers', data: ${JSON.stringify(at('kill'))}, blocks: 1000 }
    for await (const r of transformFiles('in/a.wav', new URL('./change.mjs', import.meta.url), 'change', options));`,
  )
  const { code } = await start([process.execPath, at('run.mjs')], { cwd: at('.') }).ended
  expect(code).toBe(null)
  const [left] = filesBelow(at('out'))
  expect(left).toMatch(/^\.a\.wav\..*\.tmp$/)
  // Noise has files between its steps.
  for (const step of ['before', 'after']) writeFileSync(at(`out/${left.replace(/tmp$/, `${step}.tmp`)}`), '')
  rmSync(at('kill'))
  const options = { data: at('kill'), blocks: 1000, resume: true }
  expect(await statuses(options)).toEqual(all('done'))
  expect(filesBelow(at('out'))).toEqual(ALL)
  expect((await run(options)).map(({ status }) => status)).toEqual(['skipped', 'skipped'])
})

test('a dry run writes nothing, no journal either', async () => {
  const { at, statuses } = place()
  expect(await statuses({ dryRun: true })).toEqual(all('planned'))
  expect(filesBelow(at('.'))).toEqual(['change.mjs', 'in/a.wav', 'in/deep/b.wav', 'in/notes.txt'])
})

test('wrong calls', async () => {
  const { at, run } = place()
  await expect(run({ out: at('in/out') })).rejects.toMatchObject({ code: 'E_OUTPUT_IN_INPUT' })
  await expect(run({ out: undefined as never })).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option: 'out' })
  await expect(run({ snr: 10 } as never)).rejects.toMatchObject({ code: 'E_OPTION_UNKNOWN', option: 'snr' })
  await expect(run({ resume: true, overwrite: true })).rejects.toMatchObject({ code: 'E_OPTION_INVALID' })
  await expect(run({ onLoop: 7 } as never)).rejects.toMatchObject({ option: 'onLoop' })
  await expect(run({ pool: {} } as never)).rejects.toMatchObject({ option: 'pool' })
})
