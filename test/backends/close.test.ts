/** Backends that are closed in the middle of their work: every job is settled, every chunk ends, and no temporary file stays. */

import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Backend, Cancellation, type Chunk, createBackend, type Outcome } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeLongWav } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { jobFor } from '../support/jobs.js'
import { cell, load, open } from '../support/tasks.js'
import { until } from '../support/waiting.js'

/** Starts a chunk; `outcomes` has all that it was told, in the order of that. */
function start(backend: Backend, work: object) {
  const outcomes: { index: number; outcome: Outcome<unknown> }[] = []
  const settle = (index: number, outcome: Outcome<unknown>) => outcomes.push({ index, outcome })
  const ended = backend.execute({ ...work, cancellation: new Cancellation(), settle } as unknown as Chunk)
  return { outcomes, ended }
}

const terminated = { error: { code: 'E_POOL_TERMINATED' } }

describeBackends('a backend that is closed', (name) => {
  function backendOf(size: number): Backend {
    const backend = createBackend({ backend: name, size })
    onTestFinished(() => backend.close())
    return backend
  }

  // In its plain loop nobody has a turn before a file is done.
  test.skipIf(name === 'inline')('gives up its files', async () => {
    const folder = temporaryFolder()
    writeLongWav(folder, 'long.wav')
    const backend = backendOf(2)
    const jobs = ['0', '1', '2', '3'].map((tag) => jobFor(folder, 'long', tag, { level: 0.1 }))
    const { outcomes, ended } = start(backend, { kind: 'files', jobs })
    await until(() => filesBelow(folder).filter((file) => file.endsWith('.tmp')).length > 0)
    await backend.close()
    await ended
    expect(outcomes.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3])
    expect(outcomes.map(({ outcome }) => outcome)).toMatchObject([terminated, terminated, terminated, terminated])
    expect(filesBelow(folder).map((file) => path.basename(file))).toEqual(['long.wav'])
  })

  test('gives up its functions, though one never returns', async () => {
    const backend = backendOf(1)
    const [gate, begun] = [cell(), cell()]
    const call = {
      url: new URL('../support/tasks/calls.mjs', import.meta.url).href,
      name: 'pass',
      setup: undefined,
      data: undefined,
    }
    const first = start(backend, {
      kind: 'calls',
      call,
      jobs: [{ value: 0 }, { value: 1, begun, waitsFor: gate }, { value: 2 }],
    })
    await until(() => load(begun) === 1 && first.outcomes.length === 1)
    const second = start(backend, { kind: 'calls', call, jobs: [{ value: 3 }] })
    await backend.close()
    await Promise.all([first.ended, second.ended])
    expect(first.outcomes.sort((a, b) => a.index - b.index)).toMatchObject([
      { index: 0, outcome: { value: 0 } },
      { index: 1, outcome: terminated },
      { index: 2, outcome: terminated },
    ])
    expect(second.outcomes).toMatchObject([{ index: 0, outcome: terminated }])
    open(gate)
  })

  test('that has ended its work closes, again too', async () => {
    const backend = backendOf(2)
    const folder = temporaryFolder()
    const { outcomes, ended } = start(backend, {
      kind: 'files',
      jobs: [jobFor(folder, 'missing', 'out', { level: 0.1 })],
    })
    const { milliseconds } = await ended
    expect(milliseconds).toBeGreaterThan(0)
    expect(outcomes).toMatchObject([{ index: 0, outcome: { value: { failure: { code: 'E_INPUT_MISSING' } } } }])
    await backend.close()
    await backend.close()
  })
})
