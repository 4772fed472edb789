/** Invalid chunks: backends refuse jobs that no pool would send. */

import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Cancellation, type Chunk, createBackend, type Outcome } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { filesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { jobFor, writingPass } from '../support/jobs.js'
import { pcm16 } from '../support/wav.js'

type Told = Outcome<{
  readonly failure?: { readonly code: string }
  readonly outcome?: { readonly failure?: { readonly code: string } }
}>

const codeOf = (told: Told): string | undefined =>
  'error' in told ? told.error.code : (told.value.failure ?? told.value.outcome?.failure)?.code

describeBackends('jobs that no option makes', (name) => {
  function open(size = 2) {
    const backend = createBackend({ backend: name, size })
    onTestFinished(() => backend.close())
    return backend
  }

  async function run(work: object, tell: (index: number) => void = () => {}): Promise<Told[]> {
    const outcomes: Told[] = []
    const settle = (index: number, outcome: Told) => {
      outcomes[index] = outcome
      tell(index)
    }
    await open().execute({ ...work, cancellation: new Cancellation(), settle } as unknown as Chunk)
    return outcomes
  }

  const { noise } = jobFor('', 'a', 'out', { level: 0.1 })
  const layout = {
    format: 'pcm16',
    channels: 1,
    sampleRate: 0,
    bigEndian: false,
    validBits: 16,
    frames: 4096,
    firstFrame: 0,
  }
  const ofKind = (kind: string) => ({ ...noise, layers: noise.layers.map((layer) => ({ ...layer, kind })) })
  const slice = (change: object = {}) => ({
    bytes: new Uint8Array(8192),
    ...layout,
    noise,
    ...writingPass(0.1),
    ...change,
  })

  test.each([
    ['a format that there is not', { format: 'pcm99' }],
    ['no channels', { channels: 0 }],
    ['a million channels', { channels: 1e6 }],
    ['a first frame within a block', { firstFrame: 17, frames: 10_000 }],
    ['frames beyond the end', { firstFrame: 4096 }],
    ['no valid bits', { validBits: 0 }],
    ['levels of no layer', { levels: [] }],
    ['a layer that there is not', { measured: 1 }],
    ['a kind that there is not', { noise: ofKind('none') }],
    ['a kind without its parameters', { noise: ofKind('sway') }],
  ])('a slice of %s is refused, and the next one is done', async (_, change) => {
    const outcomes = await run({ kind: 'slices', jobs: [slice(change), slice()] })
    expect(outcomes.map(codeOf)).toEqual(['E_OPTION_INVALID', undefined])
  })

  test('a path with a NUL costs its own file', async () => {
    const folder = temporaryFolder()
    for (const file of ['a', 'b', 'c']) writeFileSync(path.join(folder, `${file}.wav`), pcm16(500))
    const jobs = ['a', 'b', 'c'].map((file) => jobFor(folder, file, 'out', { level: 0.1 }))
    const outcomes = await run({
      kind: 'files',
      jobs: [{ ...jobs[0], input: `${jobs[0].input}\0x` }, jobs[1], jobs[2]],
    })
    expect(outcomes.map(codeOf)).toEqual(['E_OPTION_INVALID', undefined, undefined])
    expect([1, 2].map((i) => existsSync(jobs[i].output as string))).toEqual([true, true])
  })

  test('a file job without noise costs its own file, in a chunk of thousands', async () => {
    const folder = temporaryFolder()
    writeFileSync(path.join(folder, 'a.wav'), pcm16(500))
    const dry = Array.from({ length: 2500 }, () => jobFor(folder, 'a', 'out', { level: 0.1, dryRun: true }))
    const jobs = dry.map((job, i) => (i === 3 ? { ...job, noise: undefined } : job))
    const outcomes = await run({ kind: 'files', jobs })
    expect(outcomes.map(codeOf).filter(Boolean)).toEqual(['E_INTERNAL'])
    expect(outcomes).toHaveLength(2500)
  })
})

describeBackends('a backend that is closed in the middle of short files', (name) => {
  test.skipIf(name === 'inline')('leaves no temporary file', async () => {
    for (let round = 0; round < 5; round++) {
      const folder = temporaryFolder()
      writeFileSync(path.join(folder, 'a.wav'), pcm16(5000))
      const backend = createBackend({ backend: name, size: 2 })
      const jobs = Array.from({ length: 200 }, (_, i) => jobFor(folder, 'a', `${i}`, { level: 0.1 }))
      let settled = 0
      const ended = new Promise<void>((resolve) => {
        const settle = () => {
          if (++settled === 30 + 10 * round) resolve()
        }
        const chunk = { kind: 'files', jobs, cancellation: new Cancellation(), settle }
        backend.execute(chunk as unknown as Chunk).then(() => resolve())
      })
      await ended
      await backend.close()
      expect(settled).toBe(jobs.length)
      expect(filesBelow(folder).filter(isTemporary)).toEqual([])
    }
  })
})
