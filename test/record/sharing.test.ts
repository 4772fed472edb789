/** Runs that share the work of one folder, as one of them sees the other through the journal. */

import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FileResult, Pool } from '../../dist/index.js'
import { modifiedOf } from '../../dist-lib/core/files.js'
import { Journal } from '../../dist-lib/record/journal.js'
import { describeBackends } from '../support/backends.js'
import { filesBelow, hashesBelow, JOURNAL } from '../support/folders.js'
import { journalOf, outcomes, place, runsOn } from '../support/resuming.js'
import { numbers } from '../support/sources.js'
import { until } from '../support/waiting.js'

/** Starts a process that does nothing. */
function idleProcess() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const kill = () => new Promise((resolve) => child.on('exit', resolve).kill('SIGKILL'))
  return { pid: child.pid!, kill }
}

const settings = { sigma: 0.1, seed: 'resume', kind: 'gaussian', copies: 1 }
const host = hostname()
  .replace(/[^\w-]/g, '_')
  .slice(0, 32)
const pids = existsSync('/proc/self/ns/pid') ? readlinkSync('/proc/self/ns/pid') : ''

const append = (out: string, ...lines: object[]) =>
  appendFileSync(path.join(out, JOURNAL), lines.map((line) => `\n${JSON.stringify(line)}`).join(''))

/** Writes what the run of another process would have recorded when it has begun an output. */
function begunBy(out: string, pid: number, run: object = {}) {
  mkdirSync(out, { recursive: true })
  const line = { run: 'other', settings, stream: 1, codecs: 2, host, pids, pid, at: Date.now(), ...run }
  append(out, line, { begin: 'a.wav', id: 'other-0' })
}

describeBackends('a resumed run beside another', (backend) => {
  const { begin, run, resume } = runsOn({ backend, size: 2 })

  /** Begins a resumed run, and waits until it has nothing left to do but to wait. */
  async function waiting(input: string, out: string, others: number, signal?: AbortSignal) {
    const results: FileResult[] = []
    const ended = (async () => {
      for await (const result of begin(input, out, { resume: true, ...(signal && { signal }) })) results.push(result)
      return results
    })()
    // What it rejects with is for whoever awaits it.
    ended.catch(() => {})
    await until(() => results.length === others)
    return { results, ended }
  }

  test('waits for an output that the other makes, and makes it if that fails', async () => {
    const { at, input, out } = place('a.wav', 'b.wav', 'c.wav')
    begunBy(out, idleProcess().pid)
    const { results, ended } = await waiting(input, out, 2)
    expect(outcomes(results)).toEqual({ 'b.wav': 'done', 'c.wav': 'done' })
    expect(existsSync(at('out/a.wav'))).toBe(false)
    append(out, { failed: 'a.wav', id: 'other-0', code: 'E_OUTPUT_WRITE' })
    expect(outcomes(await ended)).toEqual({ 'a.wav': 'done', 'b.wav': 'done', 'c.wav': 'done' })
    await run(input, at('whole'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
  })

  test('skips an output that the other completes, with its figures', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    begunBy(out, idleProcess().pid)
    const { ended } = await waiting(input, out, 1)
    // As the other makes it.
    const [made] = await run(at('in/a.wav'), at('whole'))
    writeFileSync(at('out/a.wav'), readFileSync(at('whole/a.wav')))
    const line = journalOf(at('whole')).find(({ done }) => done === 'a.wav')
    append(out, { ...line, id: 'other-0' })
    const results = await ended
    expect(outcomes(results)).toEqual({ 'a.wav': 'skipped', 'b.wav': 'done' })
    expect(results.find(({ key }) => key === 'a.wav')).toEqual({ ...made, output: at('out/a.wav'), status: 'skipped' })
    expect(journalOf(out).at(-1)).toMatchObject({ counts: { done: 1, skipped: 1, failed: 0 } })
  })

  test.each(['there', 'missing'])('makes what a killed process had begun: the output is %s', async (there) => {
    const { at, input, out } = place('a.wav', 'b.wav')
    const other = idleProcess()
    begunBy(out, other.pid)
    const { ended } = await waiting(input, out, 1)
    const temporary = at(`out/.a.wav.${host}.${other.pid}.other-0.tmp`)
    writeFileSync(temporary, 'half')
    if (there === 'there') writeFileSync(at('out/a.wav'), 'whole, but not recorded')
    await other.kill()
    expect(outcomes(await ended)).toEqual({ 'a.wav': 'done', 'b.wav': 'done' })
    await run(input, at('whole'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
    expect(filesBelow(out)).toEqual(['a.wav', 'b.wav'])
  })

  test.each([
    ['it has ended', { end: 'other', counts: { done: 0, skipped: 0, failed: 0 }, stopped: true }],
    ['it has left the output', { left: 'a.wav', id: 'other-0', code: 'E_WORKER_DIED' }],
  ])('makes what the other does not work on any more: %s', async (_, line) => {
    const { at, input, out } = place('a.wav', 'b.wav')
    begunBy(out, idleProcess().pid)
    const { ended } = await waiting(input, out, 1)
    writeFileSync(at('out/a.wav'), 'whole, but not recorded')
    append(out, line)
    expect(outcomes(await ended)).toEqual({ 'a.wav': 'done', 'b.wav': 'done' })
    await run(input, at('whole'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
  })

  test('ends at once if it is aborted while it waits', async () => {
    const { input, out } = place('a.wav', 'b.wav')
    begunBy(out, idleProcess().pid)
    const controller = new AbortController()
    const { ended } = await waiting(input, out, 1, controller.signal)
    controller.abort(new Error('enough'))
    await expect(ended).rejects.toThrow('enough')
    expect(journalOf(out).at(-1)).toMatchObject({ counts: { done: 1 }, stopped: true })
  })

  test.each<[string, object]>([
    ['is on another machine', { host: 'elsewhere' }],
    ['is in another container', { pids: 'pid:[1]' }],
    ['is of a version that does not say when it began', { at: undefined }],
    ['began before the machine did', { at: 1 }],
    ['has an id that no process has', { pid: 2 ** 40 }],
    ['has an id that stands for all processes', { pid: -1 }],
    ['has other settings', { settings: { ...settings, seed: 'other' } }],
  ])('does not wait for a run that %s', async (_, other) => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(at('in/b.wav'), out)
    begunBy(out, idleProcess().pid, other)
    // So that the last run has these settings.
    append(out, { begin: 'c.wav', id: `${journalOf(out)[0].run}-zz` })
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'done', 'b.wav': 'skipped' })
  })

  test('does not take a process for the one whose id it has (needs Linux)', async ({ skip }) => {
    if (process.platform !== 'linux') skip()
    const { input, out } = place('a.wav')
    begunBy(out, idleProcess().pid, { start: 'another boot:1' })
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'done' })
  })

  test('shares the work with runs of its own process', async () => {
    const names = numbers(300).map((number) => `${number}.wav`)
    const { at, input, out } = place(...names)
    const pools = numbers(3).map(() => new Pool({ backend, size: 1 }))
    const runs = await Promise.all(pools.map((pool) => resume(input, out, { pool, chunkSize: 7 })))
    await Promise.all(pools.map((pool) => pool.close()))
    for (const results of runs) expect(Object.keys(outcomes(results))).toEqual([...names].sort())
    const made = runs.flat().filter(({ status }) => status === 'done')
    expect(made.map(({ key }) => key).sort()).toEqual([...names].sort())
    expect(runs.flat().filter(({ status }) => status === 'skipped')).toHaveLength(2 * names.length)
    await run(input, at('whole'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
  })
})

describe('of two runs that begin an output at the same time', () => {
  /** The run of a journal, with an output. `onId` is called when a line of it is made. */
  async function recording(at: (...parts: string[]) => string, onId = () => {}) {
    const out = at('out')
    mkdirSync(out, { recursive: true })
    const options = { resume: true, overwrite: false, dryRun: false, fsync: false, shard: undefined }
    const journal = new Journal(out, { ...options, settings: () => settings })
    await journal.open()
    onTestFinished(() => journal.abandon())
    const output = {
      get id() {
        onId()
        return `${journal.run}-0`
      },
      input: at('in/a.wav'),
      parent: { path: at('in'), relative: '' },
      output: at('out/a.wav'),
      relative: 'a.wav',
      begun: undefined as string | undefined,
      job: { overwrite: false, free: false },
    }
    return { journal, output }
  }

  test('the first in the journal makes it, and the other waits', async () => {
    const { at, input } = place('a.wav')
    const first = await recording(at)
    let isBetween = true
    const second = await recording(at, () => {
      // Between its reading of the journal and its line.
      if (isBetween) expect(first.journal.begin([first.output])).toEqual([undefined])
      isBetween = false
    })
    expect(second.journal.begin([second.output])).toEqual(['later'])
    expect(second.journal.begin([second.output])).toEqual(['later'])
    writeFileSync(at('out/a.wav'), 'made')
    const read = statSync(path.join(input, 'a.wav'), { bigint: true })
    const bytesIn = Number(read.size)
    first.journal.done(first.output, { bytesIn, modified: modifiedOf(read), bytesOut: 4, codec: null }, '{"x":1}')
    first.journal.close()
    expect(second.journal.begin([second.output])).toEqual([{ bytesIn, bytesOut: 4, figures: { x: 1 } }])
    second.journal.close()
    const lines = journalOf(at('out')).map((line) => {
      const [kind] = ['run', 'end', 'begin', 'failed', 'done'].filter((name) => name in line)
      const id: string = line.run ?? line.end ?? line.id
      return `${id.startsWith(first.journal.run) ? 'first' : 'second'} ${kind}`
    })
    expect(lines).toEqual([
      'first run',
      'first begin',
      'second run',
      'second begin',
      'first done',
      'first end',
      'second failed',
      'second end',
    ])
  })

  test('one that does not resume makes it anyway', async () => {
    const { at } = place('a.wav')
    const first = await recording(at)
    expect(first.journal.begin([first.output])).toEqual([undefined])
    const options = { resume: false, overwrite: false, dryRun: false, fsync: false, shard: undefined }
    const plain = new Journal(at('out'), { ...options, settings: () => settings })
    await plain.open()
    onTestFinished(() => plain.abandon())
    expect(plain.begin([{ ...first.output, id: `${plain.run}-0` }]).every((one) => one === undefined)).toBe(true)
  })
})
