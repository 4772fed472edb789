/** How often threads load a module and call a setup. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { moduleTask } from '../../dist/index.js'
import { temporaryFolder } from '../support/folders.js'
import { describeWorkers, testPool } from '../support/pools.js'

const source = `
import { randomUUID } from 'node:crypto'
const loaded = randomUUID()
let setups = 0
export const prepare = () => ++setups
export const f = (item, setup) => [loaded, setup]
export const g = (item, setup) => [loaded, setup]`

describeWorkers('a thread [%s]', (backend) => {
  test('loads a module once for all tasks, and calls the setup once for each task', async () => {
    const file = path.join(temporaryFolder(), 'setup.mjs')
    writeFileSync(file, source)
    const taskOf = (name: string) =>
      moduleTask<number, [string, number]>(pathToFileURL(file), name, { setup: 'prepare' })
    const tasks = { first: taskOf('f'), other: taskOf('g'), again: taskOf('f') }
    const pool = testPool({ backend, size: 1 })
    const loads = new Set<string>()
    const setups: Record<string, Set<number>> = {}
    for (const name of ['first', 'other', 'first', 'again', 'other'] as const) {
      for (const [load, setup] of await pool.map(tasks[name], [1, 2, 3])) {
        loads.add(load)
        setups[name] = (setups[name] ?? new Set()).add(setup)
      }
    }
    expect(loads.size).toBe(1)
    expect(setups).toEqual({ first: new Set([1]), other: new Set([2]), again: new Set([3]) })
  })
})
