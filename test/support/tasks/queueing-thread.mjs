/** A worker thread that hands the addon one long list of jobs after the other, or makes crews and flags without end. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadAddon } from '../../../dist-lib/backends/addon.js'

const { addon } = loadAddon()
const COUNT = 100_000
const jobs = {
  count: COUNT,
  texts: Buffer.from('/nowhere/a.wav\0/nowhere/b.wav\0/nowhere/c.tmp\0gaussian\0'.repeat(COUNT)),
  // Neither overwrite, fsync, dryRun nor strict; clip, no SNR, level, two words of the key, no parameters.
  numbers: new Float64Array(10 * COUNT).map((_, i) => [0, 0, 0, 0, 1, 0, 0.1, 1, 2, 0][i % 10]),
}
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
}
const slices = Array.from({ length: COUNT }, () => ({
  ...slice,
  bytes: new Uint8Array(2),
  parameters: new Float64Array(0),
  key: { low: 1, high: 2 },
}))
const crew = addon.createCrew(2, 0)
const flag = addon.createCancel()
parentPort.postMessage('begun')
while (workerData === 'files') addon.runFiles(crew, jobs, flag, () => {})
while (workerData === 'slices') addon.runSlices(crew, slices, flag, () => {})
for (;;) addon.cancel(addon.createCrew(2, 0), addon.createCancel())
