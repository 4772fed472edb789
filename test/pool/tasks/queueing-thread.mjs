/** A worker thread that hands the addon one long list of jobs after the other, or makes crews and flags without end. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadAddon } from '../../../dist/backends/addon.js'

const { addon } = loadAddon()
const job = {
  input: '/nowhere/a.wav',
  output: '/nowhere/b.wav',
  temporary: '/nowhere/c.wav',
  overwrite: false,
  dryRun: false,
  kind: 'gaussian',
  parameters: new Float64Array(0),
  key: { low: 1, high: 2 },
  levelKind: 'sigma',
  level: 0.1,
  clip: true,
}
const jobs = new Array(100_000).fill(job)
const crew = addon.createCrew(2, 0)
const flag = addon.createCancel()
parentPort.postMessage('begun')
while (workerData === 'jobs') addon.runFiles(crew, jobs, flag, () => {})
for (;;) addon.cancel(addon.createCrew(2, 0), addon.createCancel())
