/** A place to run the command in while something goes wrong, and what must hold whatever that was. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, JOURNAL, temporaryFolder } from '../support/folders.js'
import { type Ended, linesOf, noisemill } from '../support/programs.js'
import { chunk, formats, pcm16, sine, wav } from '../support/wav.js'

export interface Place {
  readonly cwd: string
  readonly inputs: Readonly<Record<string, string>>
  /** Hashes of what an undisturbed run makes of the inputs, by name. */
  readonly whole: Readonly<Record<string, string>>
  readonly args: readonly string[]
}

/** Files of more than one read, of one, in a folder of its own, and one whose sizes are repaired. */
const few = (): Record<string, Uint8Array> => ({
  'long.wav': wav({ ...formats[4], data: sine(formats[4], 100_000) }), // 400 KB: the longest read at once has 256
  'short.wav': pcm16(),
  'below/cut.wav': wav({
    data: sine(formats[1], 3001),
    dataSize: 0xffffffff,
    before: [chunk('odd ', Buffer.alloc(5))],
  }),
})

// By sigma: for an SNR a file of this length would be read at once.
const LEVELS = ['--sigma', '0.05', '--seed', 'faults']

/** Flags of a run that writes three files for each input. */
export const WITH_STEMS = ['--stems', 'clean,noise']

/** A folder with `in`, and what is to come of it by a command with more flags. */
export async function placeWith(
  files: Record<string, Uint8Array> = few(),
  flags: readonly string[] = [],
): Promise<Place> {
  const cwd = temporaryFolder()
  const at = path.join(cwd, 'in')
  writeFiles(at, files)
  // Whole seconds, which a copy that is put in the place of an input has too.
  for (const name of Object.keys(files)) utimesSync(path.join(at, name), 1_700_000_000, 1_700_000_000)
  const args = ['add', 'in', '--out', 'out', ...LEVELS, ...flags]
  expect((await noisemill(['add', 'in', '--out', 'whole', ...LEVELS, ...flags, '--quiet'], { cwd })).code).toBe(0)
  const whole = outputsOf(cwd, 'whole')
  rmSync(path.join(cwd, 'whole'), { recursive: true })
  return { cwd, inputs: hashesBelow(at), whole, args }
}

/** Hashes of all files there, but for the journal and temporaries. */
function outputsOf(cwd: string, out = 'out'): Record<string, string> {
  const all = Object.entries(hashesBelow(path.join(cwd, out)))
  return Object.fromEntries(all.filter(([name]) => !name.startsWith(JOURNAL) && !isTemporary(name)))
}

export const temporariesOf = ({ cwd }: Place): string[] => filesBelow(path.join(cwd, 'out')).filter(isTemporary)

export interface Expected {
  /** What a final name may hold beside what belongs there. */
  readonly before?: string
  /** An input that the fault itself changed or removed. */
  readonly mayChange?: boolean
  /** What stderr must hold where the exit code is not 0: a line that names what is wrong, unless told otherwise. */
  readonly told?: RegExp
  /** Where the fault is that of removing, or nothing could remove them. */
  readonly mayLeaveTemporaries?: boolean
}

/** That final names hold nothing but whole files. Returns how many are there. */
export function expectWhole(place: Place, title: string, before?: string): number {
  const outputs = outputsOf(place.cwd)
  for (const [name, hash] of Object.entries(outputs))
    if (hash !== before) expect(hash, `${name} is not whole: ${title}`).toBe(place.whole[name])
  return Object.keys(outputs).length
}

/** That all files of an output have their final names, or none: the mixture and its stems. */
export function expectAllOrNone(place: Place, title: string): void {
  const names = Object.keys(outputsOf(place.cwd))
  const outputs = new Set(names.map((name) => name.slice(name.indexOf('/') + 1)))
  const all = [...outputs].flatMap((name) => ['clean', 'noise', 'noisy'].map((folder) => `${folder}/${name}`))
  expect(names.sort(), title).toEqual(all.sort())
}

/** An input, an output, the folder or another file of the run, and the code. */
const NAMED = /^noisemill: .*\b(in|out|report)\b.*\(E_[A-Z_]+\)$/

/** What must hold of a run that has ended, whatever went wrong; `title` goes into each message. */
export function expectHonest(place: Place, { code, stderr }: Ended, title: string, expected: Expected = {}): void {
  const { before, mayChange = false, mayLeaveTemporaries = false, told: named = NAMED } = expected
  const told = `${title}\n${stderr}`
  expectWhole(place, told, before)
  if (!mayChange) expect(hashesBelow(path.join(place.cwd, 'in')), `an input has changed: ${told}`).toEqual(place.inputs)
  if (!mayLeaveTemporaries) expect(temporariesOf(place), `left behind: ${told}`).toEqual([])
  expect([0, 1, 4], told).toContain(code)
  expect(stderr, told).not.toMatch(/^ +at /m)
  if (code === 0) expect(outputsOf(place.cwd), `exit 0, and not all done: ${told}`).toEqual(place.whole)
  else
    expect(
      linesOf(stderr).some((line) => named.test(line)),
      told,
    ).toBe(true)
}

/** That the run, done again, comes to what an undisturbed one comes to. */
export async function expectCompletes(place: Place, flags: readonly string[], title: string): Promise<void> {
  const again = flags.includes('--overwrite') ? [] : ['--resume']
  const { code, stderr } = await noisemill([...place.args, ...flags, ...again, '--quiet'], { cwd: place.cwd })
  expect({ code, outputs: outputsOf(place.cwd) }, `done again with ${again}, ${title}\n${stderr}`).toEqual({
    code: 0,
    outputs: place.whole,
  })
  // Those of a process that was killed are swept by a run that knows of it.
  expect(temporariesOf(place), `after ${again}: ${title}`).toEqual([])
}

/** Puts the place back to where nothing was done; with `old`, a file of that content has every final name. */
export function startOver({ cwd, whole }: Place, old?: Uint8Array): void {
  rmSync(path.join(cwd, 'out'), { recursive: true, force: true })
  rmSync(path.join(cwd, 'report.jsonl'), { force: true })
  rmSync(path.join(cwd, 'fired'), { force: true })
  if (old) writeFiles(path.join(cwd, 'out'), Object.fromEntries(Object.keys(whole).map((name) => [name, old])))
}

/** The library that lets calls fail, compiled once a process; undefined where there is no Linux or no C compiler. */
function buildPreload(): string | undefined {
  if (process.platform !== 'linux' || process.env.LD_PRELOAD) return undefined
  const source = fileURLToPath(new URL('preload.c', import.meta.url))
  const folder = fileURLToPath(new URL('../../build-checks/faults', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const library = path.join(folder, `preload-${process.pid}.so`)
  process.once('exit', () => rmSync(library, { force: true }))
  const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', library, source, '-ldl']
  const { status, error, stderr } = spawnSync(process.env.CC ?? 'cc', flags, { encoding: 'utf8' })
  if (error) return undefined
  if (status !== 0) throw new Error(stderr)
  return library
}

export const preload = buildPreload()

export interface Fault {
  readonly call: string
  /** The number of an error, or what preload.c knows beside. */
  readonly error: number | 'short' | 'cut' | 'remove'
  readonly lasts?: boolean
}

/** Runs the command with the Nth such call failing. `fired`: whether there was one. */
export async function runWithFault(
  place: Place,
  args: readonly string[],
  { call, error, lasts }: Fault,
  nth: number,
): Promise<{ ended: Ended; fired: boolean }> {
  const fired = path.join(path.dirname(preload!), `fired-${process.pid}`)
  rmSync(fired, { force: true })
  // Inputs are other people's to change; a journal that is taken away is nothing to go on from.
  const changesInputs = error === 'cut' || error === 'remove'
  const env = {
    LD_PRELOAD: preload!,
    NOISEMILL_FAULT_FOLDER: changesInputs ? path.join(place.cwd, 'in') : place.cwd,
    NOISEMILL_FAULT_CALL: call,
    NOISEMILL_FAULT_NTH: `${nth}`,
    NOISEMILL_FAULT_ERROR: `${error}`,
    NOISEMILL_FAULT_FIRED: fired,
    ...(lasts && { NOISEMILL_FAULT_LASTS: '1' }),
  }
  const ended = await noisemill(args, { cwd: place.cwd, env })
  const did = existsSync(fired)
  rmSync(fired, { force: true })
  return { ended, fired: did }
}
