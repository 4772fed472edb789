/** Jobs that are wanted until a time: they publish nothing after it, whatever the JS thread does. */

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { present } from '../support/backends.js'
import { filesOf, under, writeFiles } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { programFor, quote, start } from '../support/programs.js'

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

/** A program that adds noise to a file with --fsync. `control` is called with the cancellation of its jobs. */
const program = (backend: string, control: string) =>
  programFor(`
    const inner = noisemill.createBackend({ backend: ${quote(backend)}, size: 1 })
    const execute = (chunk) => {
      const cancellation = new noisemill.Cancellation()
      const after = (milliseconds) => process.hrtime.bigint() + BigInt(milliseconds) * 1_000_000n
      ${control}
      return inner.execute({ ...chunk, cancellation })
    }
    const backend = { name: 'until', threads: 1, execute, close: (options) => inner.close(options) }
    const pool = new noisemill.Pool({ backend })
    const task = noisemill.noiseTask({ out: 'out', root: 'in', sigma: 0.1, fsync: true })
    const [{ error }] = await pool.map(task, ['in/a.wav'])
    console.log(error?.code ?? 'done')
    await pool.close()`)

/** Runs the program, with each call of fsync taking a second. */
async function outcome(backend: string, control: string, trace: readonly string[] = []) {
  const cwd = temporaryFolder()
  writeFiles(under(cwd, 'in')[0], filesOf(['a.wav'], 100))
  const command = [...trace, process.execPath, '--input-type=module', '--eval', program(backend, control)]
  const { stdout, stderr, code } = await start(command, { cwd }).ended
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return { ended: stdout.trim(), files: filesBelow(cwd) }
}

const nothing = { ended: 'E_CANCELLED', files: ['in/a.wav'] }
const all = { ended: 'done', files: ['in/a.wav', 'out/a.wav'] }
const slowly = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=fsync,fdatasync:delay_enter=1000000']

test.each(present)('nothing is begun after the time [%s]', async (backend) => {
  expect(await outcome(backend, 'cancellation.cancelAt(after(-1))')).toEqual(nothing)
})

test.each(present)('a time that has not come changes nothing [%s]', async (backend) => {
  expect(await outcome(backend, 'cancellation.cancelAt(after(3_600_000))')).toEqual(all)
})

test.each(present)('a cancellation stays one [%s]', async (backend) => {
  const control = 'cancellation.cancel(); cancellation.cancelAt(after(3_600_000))'
  expect(await outcome(backend, control)).toEqual(nothing)
})

// The wait begins after the last byte was written, and before the output has its name.
test.skipIf(!canTrace).each(present)('nothing gets its name after the time [%s] (needs strace)', async (backend) => {
  expect(await outcome(backend, 'cancellation.cancelAt(after(500))', slowly)).toEqual(nothing)
})

test.skipIf(!canTrace).each(present.filter((name) => name !== 'inline'))(
  'a later time holds while a job is working [%s] (needs strace)',
  async (backend) => {
    const control = 'cancellation.cancelAt(after(500)); setTimeout(() => cancellation.cancelAt(after(3_600_000)), 100)'
    expect(await outcome(backend, control, slowly)).toEqual(all)
  },
)
