/** Every example of README runs and prints what README says. An example that this test does not know fails. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeNative } from '../support/backends.js'
import { writeFiles, writeLongInputs } from '../support/files.js'
import { filesBelow, root, slashed } from '../support/folders.js'
import { hasEnded, linesOf, noisemill, startNoisemill } from '../support/programs.js'
import { posixTest } from '../support/systems.js'
import { inTime, until } from '../support/waiting.js'
import { formats, HEADER_BYTES, pcm16, sine, wav } from '../support/wav.js'
import { expectOutput, makeProject } from './project.js'

const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
const project = makeProject()

/** A folder of the project that has files. */
function folder(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  const place = path.join(project, name)
  writeFiles(place, files)
  return place
}

const speech = { 'speech/a.wav': pcm16(1600), 'speech/b.wav': pcm16(3200) }

/**
 * By the first line of a block: what README leaves to its reader, before it; after it the checks; and what it prints.
 */
const programs: Readonly<Record<string, { before: string; after: string; prints?: string }>> = {
  "import { addNoiseToFiles } from 'noisemill'": {
    before: `
      import { readdirSync } from 'node:fs'
      import { join } from 'node:path'
      const lines = []
      console.log = (...line) => lines.push(line)
      console.error = console.log`,
    after: `
      const outputs = readdirSync('noisy').filter((name) => name.endsWith('.wav')).map((name) => join('noisy', name))
      assert.deepEqual(lines.map(([output]) => output).sort(), outputs)
      for (const [, snr, clipped] of lines) assert.ok(snr > 4.5 && snr < 20.5 && clipped >= 0)`,
  },
  "import { addNoise, addNoiseToWav } from 'noisemill'": {
    before: `
      import { readFileSync } from 'node:fs'
      const samples = new Float32Array(1000).fill(0.5)
      const stereo = new Int16Array(2000)
      const bytes = readFileSync('speech/a.wav')`,
    after: `
      assert.ok(noisy instanceof Float32Array && noisy.length === 1000 && samples.every((sample) => sample === 0.5))
      assert.ok(stereo.some((sample) => sample !== 0))
      assert.ok(wav.length === bytes.length && Buffer.compare(wav, bytes) !== 0)`,
  },
  "import { Pool, transformTask } from 'noisemill'": {
    before: '',
    after: '',
    prints: 'softer/a.wav done\nsofter/b.wav done\n',
  },
  "import { isPoolWorker, moduleTask, Pool } from 'noisemill'": {
    before: '',
    after: '',
    prints: '[ 10, 20, 30 ]\n',
  },
  "import { moduleTask, Pool } from 'noisemill'": {
    before: `
      const urls = ['a', 'b', 'c']`,
    after: `
      assert.deepEqual([...pages].sort(), urls.map((url) => [url, 'page ' + url]))`,
  },
}

/** Every page fails at its first attempt. */
const fetchPage = `
export async function fetchPage(url, data, { attempt }) {
  if (attempt === 1) throw new Error('busy')
  return 'page ' + url
}`

const gain = `
export function gain({ channels }, factor) {
  for (const samples of channels) for (let i = 0; i < samples.length; i++) samples[i] *= factor
}`

const firstLine = (text: string) => text.split('\n')[0]

const fences = Array.from(readme.matchAll(/^```(.*?)\n(.*?)^```$/gms), ([, language, code]) => {
  return { language, code, start: firstLine(code) }
})

test('README has the programs that are run here', () => {
  expect(fences.map(({ language }) => language)).toEqual(fences.map(() => 'js'))
  expect(fences.map(({ start }) => start)).toEqual(Object.keys(programs))
})

test.concurrent.each(fences)('a program of README runs: $start', async ({ code, start }) => {
  const { before, after, prints = '' } = programs[start]
  const place = folder(start.replace(/\W/g, ''), {
    ...speech,
    'fetch-page.js': Buffer.from(fetchPage),
    'gain.js': Buffer.from(gain),
  })
  const module = path.join(place, 'program.js')
  writeFileSync(module, `import assert from 'node:assert'\n${before}\n${code}\n${after}`)
  await expectOutput(module, prints)
})

/** What a terminal shows: lines `$ command`, each with what it prints. */
const consoles = Array.from(readme.matchAll(/^( {4}\$ .*\n)(?: {4}.*\n)*/gm), ([block]) => {
  const parts = block.replaceAll(/^ {4}/gm, '').split(/^\$ /m).slice(1)
  return parts.map((part) => ({ command: firstLine(part), lines: linesOf(part).slice(1) }))
})

/**
 * The arguments of a command, and how many of its lines the pipe behind it leaves; that a pipe is no terminal is so
 * here anyway.
 */
function parsed(command: string): { args: string[]; last: number } {
  const [, args, pipe] = /^noisemill (.*?)(?: \| (cat|tail -1))?$/.exec(command) ?? []
  if (args === undefined || /[|<>&;"']/.test(args)) throw new Error(`not a command that is known here: ${command}`)
  return { args: args.split(' '), last: pipe === 'tail -1' ? -1 : 0 }
}

/** What differs from run to run, and from machine to machine. */
const masked = (line: string) =>
  line.replace(/in [\d.]+ s, CPU \d+ %/, 'in N s, CPU N %').replace(/\d+ at a time/, 'N at a time')

const countless = (line: string) =>
  masked(line)
    .replace(/\d+(?= (files? )?(done|left|skipped))/g, 'N')
    .replace(/[\d.]+ .?B/, 'N B')

test('README has the commands that are run here', () => {
  expect(consoles.map((commands) => commands.length)).toEqual([1, 2])
  expect(readme.match(/^\s*\$ /gm)).toHaveLength(3)
})

describeNative('what README shows of the command, with the addon', () => {
  test('noise onto two files', async () => {
    const [[{ command, lines }]] = consoles
    const { args } = parsed(command)
    // As long and as loud as the recordings of speech that README has.
    const samples = (format: (typeof formats)[number]) => sine(format, 256_640, 1, 0.05514)
    const cwd = folder('two', {
      'speech/libri-1088-134315-0000.wav': wav({ data: samples(formats[1]) }),
      'speech/libri-1088-134315-0000_rvb.wav': wav({ tag: 3, bits: 32, data: samples(formats[4]) }),
    })
    const ended = await noisemill(args, { cwd })
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    expect(linesOf(slashed(ended.stdout)).map(masked).sort()).toEqual(lines.map(masked).sort())
  })

  posixTest('an interruption, and what goes on from there (needs POSIX signals)', async () => {
    const [, [first, second]] = consoles
    const { cwd, count, interrupted } = await inTime(100, async (count) => {
      const cwd = folder(`many${count}`, {})
      writeLongInputs(path.join(cwd, 'speech'), count)
      const running = startNoisemill(parsed(first.command).args, { cwd })
      const noisy = () => filesBelow(path.join(cwd, 'noisy'))
      await until(() => hasEnded(running) || noisy().length > 3)
      running.child.kill('SIGINT')
      const interrupted = await running.ended
      return noisy().length === count ? undefined : { cwd, count, interrupted }
    })
    expect(first.lines.map(countless)).toEqual([`^C${countless(interrupted.stderr.trimEnd())}`])
    const { args, last } = parsed(second.command)
    const resumed = await noisemill(args, { cwd })
    const shown = linesOf(resumed.stdout).slice(last)
    expect(shown.map(countless)).toEqual(second.lines.map(countless))
    const [done, left] = Array.from(interrupted.stderr.matchAll(/\d+/g), Number)
    expect(done + left).toBe(count)
    expect(shown[0]).toMatch(`${left} done, ${done} skipped`)
    expect([interrupted.code, interrupted.stdout, resumed.code, resumed.stderr]).toEqual([130, '', 0, ''])
  })
})

test('the command with recordings writes mixtures and their parts', async () => {
  const [, args] = /^ {4}npx noisemill (add .*--noise .*)$/m.exec(readme)!
  const cwd = folder('recordings', { ...speech, 'backgrounds/1.wav': pcm16(700), 'backgrounds/far/2.wav': pcm16(9000) })
  expect(await noisemill(args.split(' '), { cwd })).toMatchObject({ code: 0, stderr: '' })
  const samples = (name: string) => {
    const bytes = readFileSync(path.join(cwd, 'corpus', name)).subarray(HEADER_BYTES)
    return new Int16Array(new Uint8Array(bytes).buffer)
  }
  for (const name of ['a.wav', 'b.wav']) {
    const [mixture, clean, noise] = ['noisy', 'clean', 'noise'].map((part) => samples(`${part}/${name}`))
    expect(mixture).toEqual(clean.map((value, i) => value + noise[i]))
    expect(noise.some((value) => value !== 0)).toBe(true)
  }
})
