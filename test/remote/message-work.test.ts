/** The jobs of a message on a backend of this machine: each message gets on, however slow the machine is. */

import { mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Backend, Outcome } from '../../dist-lib/backends/backend.js'
import { Cancellation } from '../../dist-lib/backends/cancellation.js'
import type { EtlOutcome } from '../../dist-lib/core/etl.js'
import { createBackend } from '../../dist-lib/index.js'
import type { FileRequest } from '../../dist-lib/remote/file-messages.js'
import { doJobs } from '../../dist-lib/remote/message-work.js'
import type { JobMessage } from '../../dist-lib/remote/messages.js'
import { WorkerBanks } from '../../dist-lib/remote/worker-banks.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { noiseFor } from '../support/jobs.js'
import { posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

/** A backend of one thread that takes some milliseconds for each job, and counts them. */
function slowly(milliseconds: number) {
  const inner = createBackend({ backend: 'inline' })
  onTestFinished(() => inner.close())
  const counts = { jobs: 0 }
  const backend: Backend = {
    ...inner,
    name: 'slow',
    async execute(chunk) {
      counts.jobs += chunk.jobs.length
      await setTimeout(milliseconds * chunk.jobs.length)
      const { milliseconds: own } = await inner.execute(chunk)
      return { milliseconds: own + milliseconds * chunk.jobs.length }
    },
  }
  return { backend, counts }
}

const request = (name: string, overwrite = false): FileRequest => ({
  places: {
    ...{ input: name, output: name, stems: undefined, owner: { host: 'host', pid: 1, id: 'run-1' } },
    ...{ overwrite, fsync: false, dryRun: false, strict: false },
  },
  ...{ verify: false, expected: undefined, noise: noiseFor({ level: 0.1 }) },
})

function messageOf(all: FileRequest[]): JobMessage {
  const head = { run: 'r', chunk: 0, expires: 0, earlier: 0, attempt: 1, concurrency: 1, timeout: undefined }
  return { ...head, call: undefined, jobs: { kind: 'files', all } }
}

/** Does a message with a deadline. Returns the outcomes as codes. */
async function done(folder: string, backend: Backend, all: FileRequest[], deadline = Number.POSITIVE_INFINITY) {
  const files = {
    ...{ read: path.join(folder, 'in'), write: path.join(folder, 'out') },
    ...{ allowOverwrite: false, banks: new WorkerBanks() },
  }
  const outcomes = new Map<number, string>()
  const began = performance.now()
  const doing = {
    ...{ message: messageOf(all), tries: 1, cancellation: new Cancellation() },
    mayBegin: () => performance.now() - began < deadline || outcomes.size === 0,
    add(index: number, outcome: Outcome<unknown>) {
      expect(outcomes.has(index)).toBe(false)
      if ('error' in outcome) outcomes.set(index, outcome.error.code)
      else {
        const value = outcome.value as EtlOutcome
        outcomes.set(index, 'failure' in value ? value.failure.code : 'done')
      }
    },
  }
  await doJobs({ backend, files, registry: undefined }, doing)
  return outcomes
}

/** Folders with files, and a link to each. */
function linked(count: number) {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, 'out'))
  const names = Array.from({ length: count }, (_, i) => `${i}.wav`)
  writeFiles(folder, Object.fromEntries(names.map((name) => [`in/${name}`, pcm16(50)])))
  for (const name of names) symlinkSync(name, path.join(folder, 'in', `link-${name}`))
  return { folder, all: names.map((name) => request(`link-${name}`)) }
}

describe('jobs on files', () => {
  posixTest('whose inputs are links are done in the second try (needs symbolic links)', async () => {
    const { folder, all } = linked(20)
    const { backend, counts } = slowly(0)
    const outcomes = await done(folder, backend, [...all, request('missing.wav')])
    expect([...outcomes.values()].filter((code) => code === 'done')).toHaveLength(20)
    expect(outcomes.get(20)).toBe('E_INPUT_MISSING')
    expect(filesBelow(path.join(folder, 'out'))).toHaveLength(20)
    expect(counts.jobs).toBe(41)
  })

  posixTest('are done before the deadline as they come, also if each has to be done twice', async () => {
    const { folder, all } = linked(30)
    const { backend } = slowly(30)
    const outcomes = await done(folder, backend, all, 300)
    expect(outcomes.size).toBeGreaterThan(0)
    expect(outcomes.size).toBeLessThan(30)
    expect(new Set(outcomes.values())).toEqual(new Set(['done']))
  })

  posixTest('get on with a deadline that has passed before the first outcome', async () => {
    const { folder, all } = linked(3)
    const { backend } = slowly(20)
    const outcomes = await done(folder, backend, all, 0)
    expect(outcomes.size).toBeGreaterThan(0)
  })

  test('whose outputs exist are compared if they may be their own', async () => {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, 'out'))
    writeFiles(folder, { 'in/a.wav': pcm16(50), 'in/b.wav': pcm16(60) })
    const { backend, counts } = slowly(0)
    await done(folder, backend, [request('a.wav')])
    writeFiles(folder, { 'out/b.wav': Buffer.from('another') })
    const outcomes = await done(folder, backend, [request('a.wav', true), request('b.wav', true), request('a.wav')])
    expect(Array.from({ length: 3 }, (_, i) => outcomes.get(i))).toEqual(['done', 'E_OUTPUT_EXISTS', 'E_OUTPUT_EXISTS'])
    expect(counts.jobs).toBe(1 + 5)
  })
})
