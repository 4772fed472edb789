/** The pool at the end of its process, observed from another process. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { writeLongWav, writeWavs } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { programFor, quote, runNode } from '../support/programs.js'
import { numbers } from '../support/sources.js'
import { until } from '../support/waiting.js'

const module = quote(new URL('../support/tasks/calls.mjs', import.meta.url).href)

describeBackends('a process', (backend) => {
  const make = `const pool = new noisemill.Pool({ backend: ${quote(backend)}, size: 2 })`
  const double = `noisemill.moduleTask(${module}, 'double')`

  test('ends though its pools are forgotten, used or not, and iterators half-read', () => {
    const folder = temporaryFolder()
    const [file] = writeWavs(folder, 1)
    const program = `
      new noisemill.Pool({ backend: ${quote(backend)} })
      ${make}
      const [result] = await pool.map(noisemill.noiseTask({ out: ${quote(`${folder}/out`)}, sigma: 0.1 }), [${quote(file)}])
      console.log(result.status, await pool.map(${double}, [1, 2, 3]))
      function* endless() { for (let number = 0; ; number++) yield number }
      const unread = pool.imap(${double}, endless())
      console.log((await unread.next()).value)
      process.on('exit', () => console.log('at the end'))`
    expect(runNode(program)).toMatchObject({ status: 0, stdout: 'done [ 2, 4, 6 ]\n0\nat the end\n', stderr: '' })
  })

  test('lives until what is under way is done, though nobody waits for it', () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 50)
    const program = `
      ${make}
      pool.map(noisemill.noiseTask({ out: ${quote(`${folder}/out`)}, sigma: 0 }), ${quote(files)}).then(() => console.log('files'))
      pool.map(${double}, Array.from({ length: 500 }).fill(1)).then((all) => console.log('calls', all.length))`
    const { status, stdout, stderr } = runNode(program)
    expect({ status, stderr, lines: stdout.split('\n').sort() }).toEqual({
      status: 0,
      stderr: '',
      lines: ['', 'calls 500', 'files'],
    })
    for (const file of files)
      expect(readFileSync(path.join(folder, 'out', path.basename(file)))).toEqual(readFileSync(file))
  })

  test('lives until a failure is told, of a module that is missing', () => {
    const program = `
      ${make}
      const task = noisemill.moduleTask(${quote(new URL('../support/tasks/missing.mjs', import.meta.url).href)})
      await pool.map(task, [1]).catch((error) => console.log(error.code))`
    expect(runNode(program)).toMatchObject({ status: 0, stdout: 'E_TASK_LOAD\n' })
  })

  test('ends after close, terminate and disposal', () => {
    const program = `
      for (const end of ['close', 'terminate', Symbol.asyncDispose]) {
        ${make}
        await pool.map(${double}, [1])
        await pool[end]()
      }
      console.log('ended')`
    expect(runNode(program)).toMatchObject({ status: 0, stdout: 'ended\n', stderr: '' })
  })

  // In its plain loop nobody has a turn in the middle of a file.
  test.skipIf(backend === 'inline')('that exits in the middle leaves only whole files (needs threads)', () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const files = writeWavs(folder, 20)
    const long = writeLongWav(folder)
    const program = `
      import { readdirSync } from 'node:fs'
      import { setTimeout } from 'node:timers/promises'
      ${make}
      const files = ${quote([...files.slice(0, 10), long, ...files.slice(10)])}
      let done = 0
      for await (const { status } of pool.imapUnordered(noisemill.noiseTask({ out: ${quote(out)}, sigma: 0 }), files, { chunkSize: 1 })) {
        if (status !== 'done' || ++done < 5) continue
        while (!readdirSync(${quote(out)}).some((name) => name.includes('long'))) await setTimeout(1)
        process.exit(7)
      }`
    expect(runNode(program)).toMatchObject({ status: 7, signal: null, stderr: '' })
    const left = filesBelow(out)
    const whole = left.filter((name) => !name.startsWith('.'))
    expect(whole.length).toBeGreaterThanOrEqual(5)
    expect(whole).not.toContain('long.wav')
    for (const name of whole) expect(readFileSync(path.join(out, name))).toEqual(readFileSync(path.join(folder, name)))
    // Threads of JavaScript are cut off where they are; those in C++ clear up.
    if (backend === 'native') expect(left).toEqual(whole)
  })

  test('that is killed in the middle leaves only whole files', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const long = writeLongWav(folder)
    const files = [...writeWavs(folder, 3), long]
    const program = `
      ${make}
      await pool.map(noisemill.noiseTask({ out: ${quote(out)}, sigma: 0 }), ${quote(files)}, { chunkSize: 1 })`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', programFor(program)], { stdio: 'ignore' })
    const exited = once(child, 'exit')
    await until(() => filesBelow(out).some((name) => name.includes('long')))
    child.kill('SIGKILL')
    expect(await exited).toEqual([null, 'SIGKILL'])
    const whole = filesBelow(out).filter((name) => !name.startsWith('.'))
    expect(whole).not.toContain('long.wav')
    for (const name of whole) expect(readFileSync(path.join(out, name))).toEqual(readFileSync(path.join(folder, name)))
    expect(numbers(3).map((number) => `clean${number}.wav`)).toEqual(expect.arrayContaining(whole))
  })
})
