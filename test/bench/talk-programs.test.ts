import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { prepareLimits } from '../../bench/harness/limits.js'
import { ROOT } from '../../bench/harness/paths.js'
import { Scratch } from '../../bench/harness/scratch.js'
import { runTrial } from '../../bench/harness/trial.js'
import type { Contender, Place, Workload } from '../../bench/harness/workload.js'
import { writeSines } from '../../bench/workloads/sine-files.js'
import { talk } from '../../bench/workloads/talk.js'
import { tools } from '../../bench/workloads/tools.js'
import { sharedFolder } from '../support/folders.js'

const signal = new AbortController().signal

const parent = path.join(sharedFolder(), "folder with 'quotes' and spaces")
let place: Place

beforeAll(async () => {
  mkdirSync(parent)
  vi.stubEnv('NOISEMILL_BENCH_DIR', parent)
  const scratch = new Scratch()
  vi.unstubAllEnvs()
  place = { scratch, size: 'full', inputs: scratch.inputs, out: scratch.out, build: ROOT }
  writeSines(place.inputs, { count: 3, seconds: 1 })
  await prepareLimits(place)
})

afterAll(() => place.scratch[Symbol.dispose]())

/** Contenders with what they lack here. */
async function lookedAt({ contenders }: Workload): Promise<(Contender & { lack: string | undefined })[]> {
  const all = contenders('full').map(async (contender) => ({ ...contender, lack: (await contender.missing?.())?.what }))
  return Promise.all(all)
}

for (const workload of [talk, tools]) {
  const contenders = await lookedAt(workload)

  describe(`each contender of ${workload.name} does the work`, () => {
    const digests = new Map<string, string>()

    for (const { lack, ...contender } of contenders) {
      test.skipIf(lack !== undefined)(`${contender.name}${lack === undefined ? '' : `, needs ${lack}`}`, async () => {
        const { value, digest } = await runTrial(workload, contender, place, { signal })
        expect(value).toBeGreaterThan(0)
        if (contender.outputs === undefined) return
        const known = digests.get(contender.outputs)
        if (known === undefined) digests.set(contender.outputs, digest!)
        else expect(digest).toBe(known)
      })
    }

    test('a contender that only copies is caught', async () => {
      const copy = workload.contenders('full').find(({ name }) => name === 'cp')!
      const faulty: Contender = { ...copy, kind: 'tool' }
      await expect(runTrial(workload, faulty, place, { signal })).rejects.toThrow('has noise of 0.000 instead of 0.1')
    })
  })

  test(`contenders of ${workload.name} are named once, and the reference is one of them`, () => {
    for (const size of ['short', 'full'] as const) {
      const names = workload.contenders(size).map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      expect(names).toContain(workload.reference)
    }
  })
}
