/** What pools publish on channels of node:diagnostics_channel, beside what their runs did. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import type { ChannelMessages, RunReport } from '../../dist/index.js'
import { describePlaces, testPool } from '../support/pools.js'
import { numbers } from '../support/sources.js'
import { calls, cell, controlled, load } from '../support/tasks.js'
import { until } from '../support/waiting.js'

type Name = keyof ChannelMessages

interface Published {
  readonly name: Name
  readonly message: Record<string, unknown>
}

/** Subscribes to some channels until the test ends. */
function listen(...names: readonly Name[]) {
  const all: Published[] = []
  for (const name of names) {
    const note = (message: unknown) => {
      all.push({ name, message: message as Published['message'] })
    }
    subscribe(name, note)
    onTestFinished(() => {
      unsubscribe(name, note)
    })
  }
  const of = <One extends Name>(wanted: One) =>
    all.filter(({ name }) => name === wanted).map(({ message }) => message as unknown as ChannelMessages[One])
  return { all, of }
}

const runChannels = [
  'noisemill:run:start',
  'noisemill:chunk:start',
  'noisemill:chunk:end',
  'noisemill:run:end',
] as const

describePlaces('runs are published [%s]', (backend) => {
  test('from their begin to their end', async () => {
    const { all, of } = listen(...runChannels)
    let report: RunReport | undefined
    const onReport = (given: RunReport) => {
      report = given
    }
    await testPool({ backend }).map(calls('double'), numbers(25), { chunkSize: 10, onReport })
    const { run } = report!
    expect(all[0]).toEqual({
      name: 'noisemill:run:start',
      message: { run, method: 'map', task: 'calls', function: 'double', backend },
    })
    expect(all.at(-1)).toEqual({ name: 'noisemill:run:end', message: { run, report } })
    const chunks = of('noisemill:chunk:start')
    expect(chunks.map(({ chunk }) => chunk)).toEqual([1, 2, 3])
    expect(chunks.reduce((sum, { items }) => sum + items, 0)).toBe(25)
    const ends = of('noisemill:chunk:end').toSorted((a, b) => a.chunk - b.chunk)
    expect(ends.map(({ milliseconds: _, ...rest }) => rest)).toEqual(chunks)
    expect(Math.min(...ends.map(({ milliseconds }) => milliseconds!))).toBeGreaterThan(0)
  })

  test('also if they fail, and each with its own number', async () => {
    const { of } = listen(...runChannels)
    const pool = testPool({ backend })
    const failing = pool.map(controlled('behave'), [{ way: 'throws' }])
    await Promise.allSettled([failing, pool.map(calls('double'), numbers(10))])
    const ends = new Map(of('noisemill:run:end').map(({ run, report }) => [run, report]))
    const started = of('noisemill:run:start')
    expect(started.map((start) => [start.function, ends.get(start.run)?.ended])).toEqual([
      ['behave', 'failed'],
      ['double', 'done'],
    ])
  })

  test('to nobody who no longer listens', async () => {
    const heard: unknown[] = []
    const note = (message: unknown) => heard.push(message)
    const pool = testPool({ backend })
    subscribe('noisemill:run:start', note)
    await pool.run(calls('double'), 1)
    expect(unsubscribe('noisemill:run:start', note)).toBe(true)
    await pool.run(calls('double'), 1)
    expect(heard).toHaveLength(1)
  })
})

const workerChannels = ['noisemill:worker:start', 'noisemill:worker:end'] as const

test('workers are published that the pool starts and ends', async () => {
  const { of } = listen(...workerChannels)
  const pool = testPool({ backend: 'workers' })
  await pool.map(calls('double'), numbers(100))
  const started = of('noisemill:worker:start').map(({ worker }) => worker)
  expect(started.toSorted()).toEqual(
    pool
      .stats()
      .workers!.map(({ worker }) => worker)
      .toSorted(),
  )
  expect(of('noisemill:worker:end')).toEqual([])
  await pool.close()
  const ends = of('noisemill:worker:end')
  expect(ends.map(({ worker }) => worker).toSorted()).toEqual(started.toSorted())
  expect(ends.map(({ cause }) => cause)).toEqual(started.map(() => undefined))
  expect(ends.reduce((sum, { figures }) => sum + figures.items, 0)).toBe(100)
})

test('workers that die are published with the cause', async () => {
  const { of } = listen(...workerChannels)
  const pool = testPool({ backend: 'workers', size: 1 })
  const error = await pool.run(controlled('behave'), { way: 'exits' }).catch((thrown) => thrown)
  const [end] = of('noisemill:worker:end')
  expect(end).toMatchObject({ worker: of('noisemill:worker:start')[0].worker, exitCode: 7 })
  expect(end.cause).toBe(error.cause)
  expect(String(end.cause)).toContain('exited with code 7')
})

test('workers that the pool ends because of a time-out have no cause', async () => {
  const { of } = listen(...workerChannels)
  const pool = testPool({ backend: 'workers', size: 1 })
  const begun = cell()
  const blocked = pool.map(calls('block'), [{ begun }], { timeout: 50 })
  await until(() => load(begun) === 1)
  await expect(blocked).rejects.toMatchObject({ code: 'E_TIMEOUT' })
  expect(of('noisemill:worker:end').map(({ cause }) => cause)).toEqual([undefined])
})
