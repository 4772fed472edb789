/** A worker thread that passes long lists of jobs to the addon, or makes crews and flags, in an endless loop. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadAddon } from '../../../dist-lib/backends/addon.js'
import { Border } from '../../../dist-lib/backends/border.js'

const { addon } = loadAddon()
const border = new Border(addon.contract)
const JOBS = 100_000
const SLICES = 30_000

const key = { low: 1, high: 2 }
const level = { kind: 'sigma', deviation: 0.1 }
const noise = {
  key,
  layers: [{ recorded: undefined, kind: 'gaussian', parameters: new Float64Array(0), key, level, exact: false }],
  output: { kind: 'keep', target: 0 },
  mixing: { reference: 'rms', clip: 'clamp', ceiling: 1, dither: false, silent: 'copy' },
}

const makeJobs = () => {
  const paths = { input: '/nowhere/a.wav', output: '/nowhere/b.wav', temporary: '/nowhere/c.tmp' }
  const job = { ...paths, overwrite: false, fsync: false, dryRun: false, strict: false, noise }
  return border.packFiles(Array(JOBS).fill(job))
}

const makeSlices = () => {
  const layout = { format: 'pcm16', channels: 1, sampleRate: 0, bigEndian: false, validBits: 16, frames: 1 }
  return border.packSlices(
    Array.from({ length: SLICES }, () => ({
      ...layout,
      bytes: new Uint8Array(2),
      firstFrame: 0,
      noise,
      pass: 'write',
      measured: -1,
      take: -1,
      activity: false,
      levels: [{ takes: [], sigma: 0.1, deviation: 0.1 }],
      gain: 1,
    })),
  )
}

const crew = addon.createCrew(2, 0)
const flag = addon.createCancel()

/** The endless loops, by name. */
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
