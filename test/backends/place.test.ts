/** `isPoolWorker` in each place where a module may be loaded. */

import { cpSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'vitest'
import { expectOutput, makeProject } from '../docs/project.js'
import { root } from '../support/folders.js'
import { describeWorkers } from '../support/pools.js'
import { quote } from '../support/programs.js'

const project = makeProject('commander', 'node-gyp-build')
// A second copy of the package, as when two versions of it are installed.
const copy = path.join(project, 'copy')
for (const file of ['dist', 'package.json']) cpSync(path.join(root, file), path.join(copy, file), { recursive: true })

writeFileSync(
  path.join(project, 'where.js'),
  `import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { parentPort, SHARE_ENV, Worker, workerData } from 'node:worker_threads'
import { isPoolWorker } from 'noisemill'
import { isPoolWorker as ofCopy } from './copy/dist/index.js'

export const here = () => isPoolWorker
export const inCopy = () => ofCopy
export const inCommonJs = () => createRequire(import.meta.url)('noisemill').isPoolWorker

const file = new URL(import.meta.url)
const answerOf = async (started) => (await once(started, 'message'))[0]
export const inOwnThread = () => answerOf(new Worker(file, { workerData: 'answer', env: SHARE_ENV }))
export const inOwnProcess = () => answerOf(fork(file, ['answer']))

if (workerData === 'answer') parentPort.postMessage(isPoolWorker)
if (process.argv[2] === 'answer' && process.send) process.send(isPoolWorker, () => process.disconnect())
`,
)

const exported = ['here', 'inCopy', 'inCommonJs', 'inOwnThread', 'inOwnProcess']

/** A program that prints where it is, and where functions are that a pool calls. */
const program = (backend: string, options = '') => `
import { moduleTask, Pool, isPoolWorker } from 'noisemill'
import * as where from './where.js'
const pool = new Pool({ backend: ${quote(backend)}, size: 1, ${options} })
for (const name of ${quote(exported)}) {
  const inPool = await pool.run(moduleTask(new URL('./where.js', import.meta.url), name), undefined)
  console.log(name, await where[name](), inPool)
}
await pool.close()
console.log(isPoolWorker)
`

const printed = (inPool: boolean) => `here false ${inPool}
inCopy false ${inPool}
inCommonJs false ${inPool}
inOwnThread false false
inOwnProcess false false
false
`

function write(name: string, text: string): string {
  const file = path.join(project, name)
  writeFileSync(file, text)
  return file
}

describeWorkers('isPoolWorker [%s]', (backend) => {
  test('is true in workers of a pool, and not in what they start', async () => {
    await expectOutput(write(`${backend}.js`, program(backend)), printed(true))
  })

  test('is true if the package was loaded before the worker was marked', async () => {
    write('preload.js', "import 'noisemill'\n")
    const options = `execArgv: ['--import', ${quote(pathToFileURL(path.join(project, 'preload.js')))}]`
    await expectOutput(write(`${backend}-preloaded.js`, program(backend, options)), printed(true))
  })

  test('is false in a worker thread of your own that runs a pool', async () => {
    write(`${backend}-thread.js`, program(backend))
    const starts = `import { Worker } from 'node:worker_threads'
new Worker(new URL('./${backend}-thread.js', import.meta.url))
`
    await expectOutput(write(`${backend}-starts.js`, starts), printed(true))
  })
})

test('isPoolWorker is false where functions run inline', async () => {
  await expectOutput(write('inline.js', program('inline')), printed(false))
})
