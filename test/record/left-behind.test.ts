/** Temporary files and unfinished outputs of processes that have ended. */

import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hashesBelow, JOURNAL } from '../support/folders.js'
import { outcomes, place, runsOn } from '../support/resuming.js'

describe('resuming', () => {
  const { run } = runsOn({ backend: 'inline' })

  /** A run of another process, as its journal has it, and the temporary file that it left. */
  function leftBehind(
    out: string,
    run: { host?: string; pids?: string; pid: number; name?: string; id?: string; stems?: unknown },
  ) {
    const { pid, name = 'a.wav', id = 'x1-0', stems } = run
    const host = hostname()
      .replace(/[^\w-]/g, '_')
      .slice(0, 32)
    const pids = existsSync('/proc/self/ns/pid') ? readlinkSync('/proc/self/ns/pid') : ''
    const settings = { sigma: 0.1, seed: 'resume', kind: 'gaussian', copies: 1, ...(stems !== undefined && { stems }) }
    const first = {
      run: id.split('-')[0],
      settings,
      stream: 1,
      codecs: 2,
      host: run.host ?? host,
      pids: run.pids ?? pids,
      pid,
    }
    mkdirSync(out, { recursive: true })
    const text = [first, { begin: name, id }].map((line) => `\n${JSON.stringify(line)}`).join('')
    writeFileSync(path.join(out, JOURNAL), text, { flag: 'a' })
    const file = path.join(out, path.dirname(name), `.${path.basename(name)}.${first.host}.${pid}.${id}.tmp`)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, 'half a file')
    return file
  }

  /** The number of a process that has ended. */
  async function goneProcess(): Promise<number> {
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => child.on('exit', resolve))
    return child.pid!
  }

  test.each([false, true])('removes temporary files of processes that are gone (resume: %j)', async (resume) => {
    const { input, out } = place('a.wav', 'b.wav')
    const file = leftBehind(out, { pid: await goneProcess() })
    const other = path.join(out, '.b.wav.other-program.tmp')
    writeFileSync(other, '')
    expect(outcomes(await run(input, out, { resume }))).toEqual({ 'a.wav': 'done', 'b.wav': 'done' })
    expect([file, other].map(existsSync)).toEqual([false, true])
  })

  test('removes those of stems, and of no other folder that a journal may name', async () => {
    const { input, out } = place('a.wav')
    const pid = await goneProcess()
    const mixture = leftBehind(out, { pid, name: 'noisy/below/a.wav', stems: ['clean', 'noise', '../in', 7] })
    const files = ['clean', 'noise', 'in'].map((folder) => path.join(out, folder, 'below', path.basename(mixture)))
    for (const file of files) {
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, 'half a file')
    }
    await run(input, out)
    expect([mixture, ...files].map(existsSync)).toEqual([false, false, false, true])
  })

  test('leaves those of processes that live, of other machines, and of other containers', async () => {
    const { input, out } = place('a.wav')
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    onTestFinished(() => {
      child.kill()
    })
    const pid = await goneProcess()
    const files = [
      leftBehind(out, { pid: child.pid!, id: 'x1-0' }),
      leftBehind(out, { pid: process.pid, id: 'x2-0' }),
      leftBehind(out, { pid, host: 'elsewhere', id: 'x3-0' }),
      leftBehind(out, { pid, pids: 'pid:[1]', id: 'x4-0' }),
    ]
    await run(input, out)
    expect(files.map(existsSync)).toEqual([true, true, true, true])
  })

  test('a dry run removes nothing', async () => {
    const { input, out } = place('a.wav')
    const file = leftBehind(out, { pid: await goneProcess() })
    await run(input, out, { dryRun: true, resume: true })
    expect(existsSync(file)).toBe(true)
  })

  test('no journal makes it touch what lies outside its folder, or has another form of name', async () => {
    const { at, input, out } = place('a.wav')
    const pid = await goneProcess()
    mkdirSync(at('out'))
    const outside = leftBehind(out, { pid, name: '../victim.wav' })
    const odd = leftBehind(out, { pid, name: 'x.wav', id: 'x1-Y' })
    writeFileSync(
      at('out', JOURNAL),
      '\n{"run":7}\nnull\n[]\n{"done":1,"id":"x1-0"}\n{"begin":{"base64":1},"id":"x1-0"}',
      {
        flag: 'a',
      },
    )
    await run(input, out, { resume: true })
    expect([outside, odd].map(existsSync)).toEqual([true, true])
  })

  test('an output that was begun is done again, whatever of it is there', async () => {
    const pid = await goneProcess()
    for (const there of [undefined, 'half', 'whole']) {
      const { at, input, out } = place('a.wav')
      await run(input, at('fresh'))
      leftBehind(out, { pid })
      if (there === 'half') writeFileSync(at('out/a.wav'), 'half')
      if (there === 'whole') cpSync(at('fresh/a.wav'), at('out/a.wav'))
      expect(outcomes(await run(input, out, { resume: true })), there).toEqual({ 'a.wav': 'done' })
      expect(hashesBelow(out), there).toEqual(hashesBelow(at('fresh')))
    }
  })
})
