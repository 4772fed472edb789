/** A worker thread that hands the addon one long list of jobs after the other, or makes crews and flags without end. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadAddon } from '../../../dist-lib/backends/addon.js'

const { addon } = loadAddon()
const JOBS = 100_000
const SLICES = 30_000

const makeJobs = () => ({
  count: JOBS,
  texts: Buffer.from('/nowhere/a.wav\0/nowhere/b.wav\0/nowhere/c.tmp\0gaussian\0'.repeat(JOBS)),
  // Neither overwrite, fsync, dryRun nor strict; clip, no SNR, level, two words of the key, no parameters.
  numbers: new Float64Array(10 * JOBS).map((_, i) => [0, 0, 0, 0, 1, 0, 0.1, 1, 2, 0][i % 10]),
})

const makeSlices = () => {
  const slice = {
    format: 'pcm16',
    bigEndian: false,
    validBits: 16,
    channels: 1,
    frames: 1,
    firstFrame: 0,
    kind: 'gaussian',
    sigma: 0.1,
    clip: true,
    parameters: new Float64Array(0),
    key: { low: 1, high: 2 },
  }
  return Array.from({ length: SLICES }, () => ({ ...slice, bytes: new Uint8Array(2) }))
}

const crew = addon.createCrew(2, 0)
const flag = addon.createCancel()

/** By what it is given: what it does without end. */
const works = {
  files: () => {
    const jobs = makeJobs()
    return () => addon.runFiles(crew, jobs, flag, () => {})
  },
  slices: () => {
    const slices = makeSlices()
    return () => addon.runSlices(crew, slices, flag, () => {})
  },
  crews: () => () => addon.cancel(addon.createCrew(2, 0), addon.createCancel()),
}

const work = works[workerData]()
parentPort.postMessage('begun')
for (;;) work()
