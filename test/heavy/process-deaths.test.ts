/** A thousand worker processes, killed at random moments of one run: each item is told once, and nothing is left. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Pool } from '../../dist/index.js'
import { temporaryFolder } from '../support/folders.js'
import { Random } from '../support/random.js'
import { inProcesses } from '../support/tasks.js'
import { until } from '../support/waiting.js'

const DEATHS = 1000

/** Numbers of the child processes of this process, those included that have ended and were not waited for. */
const children = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

const descriptors = () => readdirSync('/proc/self/fd').length

test.skipIf(process.platform !== 'linux')('1,000 processes killed at random moments (needs Linux)', async () => {
  const log = path.join(temporaryFolder(), 'log')
  writeFileSync(log, '')
  const before = { children: children(), descriptors: descriptors() }
  const random = new Random(2026)
  const pool = new Pool({ backend: 'processes', size: 2 })
  let killed = 0
  let hasWorked = true
  let given = 0
  // It gives items until so many processes were killed.
  function* items() {
    while (killed < DEATHS) yield { value: given++, log, milliseconds: given % 3 }
  }
  const killing = (async () => {
    while (killed < DEATHS) {
      await new Promise((resolve) => setTimeout(resolve, 5 + random.below(60)))
      const workers = pool.stats().workers ?? []
      const victim = workers[random.below(Math.max(1, workers.length))]
      if (victim === undefined) continue
      // Those that are starting are killed more seldom, and not one after the other. The pool gives up if none can start.
      const isStarting = victim.items === 0
      if (isStarting && (!hasWorked || !random.once(5))) continue
      try {
        process.kill(victim.worker, 'SIGKILL')
        killed++
        hasWorked = !isStarting
      } catch {
        // It has just ended.
      }
    }
  })()
  const told: number[] = []
  const codes: Record<string, number> = {}
  for await (const record of pool.imapUnordered(inProcesses('act'), items(), { errors: 'collect' })) {
    told[record.index] = (told[record.index] ?? 0) + 1
    const code = record.status === 'done' ? 'done' : record.error.code
    codes[code] = (codes[code] ?? 0) + 1
  }
  await killing
  await pool.close()
  expect(told).toHaveLength(given)
  expect(told.every((times) => times === 1)).toBe(true)
  // Each item was begun once. One whose process was killed before its function noted it is not in the log.
  const noted = readFileSync(log, 'utf8').trim().split(' ')
  expect(new Set(noted).size).toBe(noted.length)
  expect(given - noted.length).toBeLessThanOrEqual(codes.E_WORKER_DIED ?? 0)
  expect(Object.keys(codes).sort()).toEqual(['E_WORKER_DIED', 'done'])
  // A death costs one item at most.
  expect(codes.E_WORKER_DIED).toBeLessThanOrEqual(DEATHS)
  // The shell that would end orphans has been told to end.
  await until(() => children().every((pid) => before.children.includes(pid)))
  expect(descriptors()).toBeLessThanOrEqual(before.descriptors)
  console.log(`${given} items, ${killed} kills, ${codes.E_WORKER_DIED} items failed`)
})
