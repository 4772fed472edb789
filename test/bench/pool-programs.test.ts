import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../bench/harness/paths.js'
import { Scratch } from '../../bench/harness/scratch.js'
import { runTrial } from '../../bench/harness/trial.js'
import type { Contender, Place, Workload } from '../../bench/harness/workload.js'
import { pitfalls } from '../../bench/workloads/pitfalls.js'
import { pool } from '../../bench/workloads/pool.js'
import { sharedFolder } from '../support/folders.js'

const signal = new AbortController().signal
let place: Place

beforeAll(() => {
  const scratch = new Scratch(0, sharedFolder())
  place = { scratch, size: 'full', inputs: scratch.inputs, out: scratch.out, build: ROOT }
  for (let i = 0; i < 24; i++)
    writeFileSync(path.join(place.inputs, `${i}.f32`), Float32Array.of(0.1, -0.01 * i, 0.05, 0.001 * i))
})

/** A number in an argument that is larger says how much there is to do. */
const LARGE = 199
const LESS = '40'

/** The same contender with less to do. */
function small({ command, ...contender }: Contender): Contender {
  const less = (text: string) => {
    if (text.startsWith('{'))
      return text.replace(/"(count|steps)":\d+/g, `"$1":${LESS}`).replace(/"batch":\d+/, '"batch":16')
    return /^\d+$/.test(text) && Number(text) > LARGE ? LESS : text
  }
  return {
    ...contender,
    command(place) {
      const { args, ...others } = command(place)
      return { ...others, args: args.map(less) }
    },
  }
}

/** Contenders whose commands differ also if there is less to do. */
function distinct(contenders: readonly Contender[]): Contender[] {
  const here = { build: '', inputs: '', out: '', size: 'full' } as unknown as Place
  return [...new Map(contenders.map((each) => [JSON.stringify(small(each).command(here).args), each])).values()]
}

const lackOf = async ({ missing }: Contender) => (await missing?.())?.what

function describeWorkload(workload: Workload, contenders: readonly (Contender & { lack: string | undefined })[]) {
  const digests = new Map<string, string>()
  for (const { lack, ...contender } of contenders) {
    test.skipIf(lack !== undefined)(`${contender.name}${lack === undefined ? '' : `, needs ${lack}`}`, async () => {
      const { value, digest } = await runTrial(workload, small(contender), place, { signal })
      expect(value).toBeGreaterThan(0)
      if (contender.outputs === undefined) return
      expect(digest).toMatch(/^[0-9a-f]{64}$/)
      expect(digest).toBe(digests.get(contender.outputs) ?? digest)
      digests.set(contender.outputs, digest!)
    })
  }
}

for (const workload of [...pitfalls, ...pool]) {
  if (workload.name === 'pitfall-values') continue
  const all = distinct(workload.contenders('full'))
  const contenders = await Promise.all(all.map(async (each) => ({ ...each, lack: await lackOf(each) })))
  describe(`contenders of ${workload.name} give the same results`, () => describeWorkload(workload, contenders))
}

describe('values that cannot cross', async () => {
  const workload = pitfalls.find(({ name }) => name === 'pitfall-values')!
  const contenders = workload.contenders('full')
  const python = contenders.find(({ name }) => name === 'python-function')!
  const pythonLack = await lackOf(python)

  const outcomeOf = (name: string) =>
    runTrial(workload, contenders.find((contender) => contender.name === name)!, place, { signal })

  test('a loop has no borders', async () => {
    for (const kind of ['function', 'instance', 'handle', 'result']) {
      const { figures, note } = await outcomeOf(`loop-${kind}`)
      expect(figures).toEqual({ crossed: 1, reported: 0, warned: 0, named: 0, hung: 0 })
      expect(note).toBe('works')
    }
  })

  test('noisemill names the item on every backend', async () => {
    for (const kind of ['function', 'processes-function', 'handle', 'result', 'strict-instance']) {
      const { figures, note } = await outcomeOf(`noisemill-${kind}`)
      expect(figures).toEqual({ crossed: 0, reported: 1, warned: 0, named: 1, hung: 0 })
      expect(note).toMatch(/^NoisemillError: item 60: a value cannot be copied to another thread/)
    }
  })

  test('noisemill warns of an instance that loses its class', async () => {
    const { figures, note } = await outcomeOf('noisemill-instance')
    expect(figures).toEqual({ crossed: 0, reported: 1, warned: 1, named: 1, hung: 0 })
    expect(note).toMatch(/^\[object Object\], and a warning: NoisemillWarning: .*items\[60\]\.value: a Price/)
    expect(note).not.toContain(ROOT)
  })

  test.skipIf(pythonLack !== undefined)(
    `Python copies instances, and no lambdas${pythonLack === undefined ? '' : `, needs ${pythonLack}`}`,
    async () => {
      expect((await outcomeOf('python-instance')).figures).toMatchObject({ crossed: 1 })
      const { figures, note } = await outcomeOf('python-function')
      expect(figures).toMatchObject({ crossed: 0, reported: 1, hung: 0 })
      expect(note).toContain('pickle')
    },
  )
})
