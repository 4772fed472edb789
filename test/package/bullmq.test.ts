/** The entry for queues of an installed package, with the packages that it needs and without them. */

import { rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { sharedFolder } from '../support/folders.js'
import { Project, pack } from './installed.js'

const folder = sharedFolder()
const tarball = path.join(folder, pack(folder).filename)
const options = "{ redis: 'redis://127.0.0.1:1', key: 'a key of 16 bytes or more', read: '.', write: '.' }"

function projectWith(body: string): Project {
  const project = new Project(tarball)
  project.write('program.js', body)
  return project
}

describe('without bullmq and ioredis', () => {
  const project = projectWith(`
    import { addNoise, NoisemillError } from 'noisemill'
    import { bullmq, startWorker } from 'noisemill/bullmq'
    for (const call of [() => bullmq(${options}), () => startWorker(${options})]) {
      try { await call() } catch (error) { console.log(error instanceof NoisemillError, error.message) }
    }
    console.log((await addNoise(new Float32Array(3), { sigma: 0.1 })).length)`)
  for (const name of ['bullmq', 'ioredis']) rmSync(path.join(project.folder, 'node_modules', name))

  test('a call says what to install, and all else works', async () => {
    const { code, stdout } = await project.run(['program.js'])
    const line =
      'true a package that queues need is not installed: ioredis. Install both beside noisemill: npm install bullmq@6 ioredis@6.'
    expect([code, stdout]).toEqual([0, `${line}\n${line}\n3\n`])
  })

  test('so do the commands', async () => {
    const bin = path.join(project.package, 'dist/cli/bin.cjs')
    const queue = ['--queue', 'q', '--redis', 'redis://127.0.0.1:1']
    const env = { NOISEMILL_QUEUE_KEY: 'a key of 16 bytes or more' }
    for (const args of [
      ['work', '--read', '.', '--write', '.', ...queue],
      ['add', '.', '--out', 'out', '--snr', '1', ...queue],
    ]) {
      const { code, stderr } = await project.run([bin, ...args], env)
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/npm install bullmq@6 ioredis@6\. \(E_PACKAGE_MISSING\)\n$/),
      ])
    }
  })
})

test('the package itself does not load them', async () => {
  const project = projectWith(`
    import { createRequire } from 'node:module'
    import 'noisemill'
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => /bullmq|ioredis/.test(file))
    console.log(loaded())
    const { bullmq } = await import('noisemill/bullmq')
    bullmq(${options})
    console.log(loaded())`)
  expect(await project.run(['program.js'])).toEqual({ code: 0, stdout: 'false\ntrue\n', stderr: '' })
})
