/** Paths of jobs on a worker's machine. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Confined } from '../../dist-lib/remote/confined.js'
import { temporaryFolder } from '../support/folders.js'
import { isWindows } from '../support/systems.js'

/** Two folders, one of which has links into the other. */
function folders() {
  const folder = temporaryFolder()
  const [inside, outside] = ['inside', 'outside'].map((name) => path.join(folder, name))
  for (const one of [inside, outside]) {
    mkdirSync(path.join(one, 'sub'), { recursive: true })
    writeFileSync(path.join(one, 'a.wav'), 'a')
  }
  return { inside, outside }
}

const refused = (code: string) => expect.objectContaining({ code })

const HOSTILE = [
  '',
  '/',
  '/etc/passwd.wav',
  '../outside/a.wav',
  'sub/../../outside/a.wav',
  './a.wav',
  'sub//a.wav',
  'a\0.wav',
  '..',
]

describe('an input', () => {
  test('below the folder is found', () => {
    const { inside } = folders()
    expect(new Confined(inside).input('a.wav')).toBe(path.join(inside, 'a.wav'))
  })

  test.each(HOSTILE)('that is not a path below it is refused: %j', (name) => {
    const { inside } = folders()
    expect(() => new Confined(inside).input(name)).toThrow(refused('E_PATH_OUTSIDE'))
    expect(() => new Confined(inside).input(Buffer.from(name))).toThrow(refused('E_PATH_OUTSIDE'))
  })

  test('that is very deep is refused, and what is not there is not looked for again and again', () => {
    const { inside } = folders()
    const confined = new Confined(inside)
    expect(confined.input(`${'x/'.repeat(255)}a.wav`)).toBe(path.join(inside, 'x/'.repeat(255), 'a.wav'))
    expect(() => confined.input(`${'x/'.repeat(256)}a.wav`)).toThrow(refused('E_PATH_OUTSIDE'))
    expect(() => confined.output(`${'x/'.repeat(2000)}a.wav`)).toThrow(refused('E_PATH_OUTSIDE'))
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 2000; i++) confined.output(`${i}/${`${'y'.repeat(15)}/`.repeat(250)}a.wav`)
    // Each of half a million folders would take some 2 kB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200e6)
  })

  test('need not exist', () => {
    const { inside } = folders()
    const confined = new Confined(inside)
    for (const name of ['b.wav', 'sub/b.wav', 'x/y/b.wav', 'a.wav/b.wav'])
      expect(confined.input(name)).toBe(path.join(inside, name))
    expect(() => confined.linkedInput('sub/b.wav')).toThrow(refused('E_INPUT_MISSING'))
    expect(() => confined.linkedInput('a.wav/b.wav')).toThrow(refused('E_INPUT_MISSING'))
  })

  test.skipIf(isWindows)('may be a link within the folder, and not one that leads out', () => {
    const { inside, outside } = folders()
    symlinkSync('a.wav', path.join(inside, 'b.wav'))
    symlinkSync('../outside/a.wav', path.join(inside, 'c.wav'))
    symlinkSync(outside, path.join(inside, 'd'))
    const confined = new Confined(inside)
    expect(confined.input('b.wav')).toBe(path.join(inside, 'b.wav'))
    expect(confined.linkedInput('b.wav')).toBe(path.join(inside, 'a.wav'))
    expect(() => confined.linkedInput('c.wav')).toThrow(refused('E_PATH_OUTSIDE'))
    expect(() => confined.input('d/a.wav')).toThrow(refused('E_PATH_OUTSIDE'))
  })

  test.skipIf(isWindows)('in a folder with a similar name is outside', () => {
    const { inside } = folders()
    mkdirSync(`${inside}-2`)
    writeFileSync(`${inside}-2/a.wav`, 'a')
    symlinkSync(`${inside}-2/a.wav`, path.join(inside, 'b.wav'))
    expect(() => new Confined(inside).linkedInput('b.wav')).toThrow(refused('E_PATH_OUTSIDE'))
  })
})

describe('an output', () => {
  test('may be in folders that do not exist', () => {
    const { inside } = folders()
    const confined = new Confined(inside)
    expect(confined.output('x/y/z.WAV')).toEqual({ folder: path.join(inside, 'x/y'), name: 'z.WAV' })
    expect(confined.output('sub/z.bwf')).toEqual({ folder: path.join(inside, 'sub'), name: 'z.bwf' })
    expect(confined.linkedOutput('sub/z.wav')).toBe(path.join(inside, 'sub/z.wav'))
  })

  test.each(HOSTILE)('that is not a path below the folder is refused: %j', (name) => {
    const { inside } = folders()
    expect(() => new Confined(inside).output(name)).toThrow(refused('E_PATH_OUTSIDE'))
  })

  test.each(['a', 'a.txt', '.bashrc', '.noisemill-journal', 'a.wav.sh', 'wav'])(
    'with the name %s is refused',
    (name) => {
      const { inside } = folders()
      expect(() => new Confined(inside).output(name)).toThrow(refused('E_PATH_OUTSIDE'))
    },
  )

  test.skipIf(isWindows)('behind a link that leads out is refused', () => {
    const { inside, outside } = folders()
    symlinkSync(outside, path.join(inside, 'out'))
    symlinkSync('sub', path.join(inside, 'within'))
    symlinkSync(path.join(outside, 'a.wav'), path.join(inside, 'b.wav'))
    symlinkSync(path.join(outside, 'missing'), path.join(inside, 'dangling'))
    const confined = new Confined(inside)
    expect(confined.output('within/new/a.wav')).toEqual({ folder: path.join(inside, 'sub/new'), name: 'a.wav' })
    for (const name of ['out/new.wav', 'out/sub/new.wav', 'out/new/a.wav'])
      expect(() => confined.output(name)).toThrow(refused('E_PATH_OUTSIDE'))
    expect(() => confined.output('dangling/a.wav')).toThrow(refused('E_OUTPUT_CREATE'))
  })

  test.skipIf(isWindows)('that is compared may be a link within the folder, and not one that leads out', () => {
    const { inside, outside } = folders()
    symlinkSync('a.wav', path.join(inside, 'b.wav'))
    symlinkSync(path.join(outside, 'a.wav'), path.join(inside, 'c.wav'))
    symlinkSync('missing', path.join(inside, 'd.wav'))
    const confined = new Confined(inside)
    expect(confined.linkedOutput('a.wav')).toBe(path.join(inside, 'a.wav'))
    expect(confined.linkedOutput('b.wav')).toBe(path.join(inside, 'a.wav'))
    expect(() => confined.linkedOutput('c.wav')).toThrow(refused('E_PATH_OUTSIDE'))
    expect(() => confined.linkedOutput('d.wav')).toThrow(refused('E_OUTPUT_MISSING'))
  })
})
