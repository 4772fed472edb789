/** The backend that an installed package chooses, and its reason. Importing the package never fails. */

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { sharedFolder } from '../support/folders.js'
import { hasBinary, Project, pack, prebuilds } from './installed.js'

const folder = sharedFolder()
const tarball = path.join(folder, pack(folder).filename)
const platform = `${process.platform}-${process.arch}`
const none = `no addon: there is no binary for ${platform}`
const own = path.join('build', 'Release', 'noisemill.node')

describe('without a binary', () => {
  const project = new Project(tarball)

  test('workers do the work, and say why and what to do', async () => {
    expect(await project.info()).toMatchObject({ backend: 'workers', reason: none, binary: null })
    expect((await project.info()).remedy).toMatch(/^run "npm run build" in the folder of the package/)
  })

  test('the command says the same', async () => {
    const bin = path.join(project.package, 'dist', 'cli', 'bin.cjs')
    const { stdout } = await project.run([bin, 'info'])
    expect(stdout).toContain(none)
    expect(stdout).toMatch(/^remedy +run "npm run build"/m)
  })

  test('NOISEMILL_NATIVE=require makes it an error, with reason and remedy, of the pool and not of the import', async () => {
    const { code, message } = await project.info({ NOISEMILL_NATIVE: 'require' })
    expect(code).toBe('E_BACKEND_UNAVAILABLE')
    expect(message).toMatch(/^NOISEMILL_NATIVE: .*there is no binary for .*npm run build/)
  })

  test('other values of NOISEMILL_NATIVE are refused', async () => {
    const { code, message } = await project.info({ NOISEMILL_NATIVE: 'on' })
    expect([code, message]).toEqual(['E_OPTION_INVALID', expect.stringMatching(/^NOISEMILL_NATIVE: .*"on"/)])
  })

  test('a file that is no binary is named, with what the system says', async () => {
    const broken = new Project(tarball)
    broken.put(path.join(prebuilds, 'noisemill.node'), 'no binary')
    const { backend, reason } = await broken.info()
    expect(backend).toBe('workers')
    expect(reason).toMatch(/^no addon: prebuilds.*noisemill\.node does not load: \S/)
    expect(reason).not.toContain(broken.folder)
    expect(reason).not.toMatch(/\p{Cc}/u)
  })
})

describe.skipIf(!hasBinary)('with a binary (needs the addon)', () => {
  const native = (binary: string) => ({ backend: 'native', reason: 'the addon loads', remedy: null, binary })
  const projectWith = (...files: [file: string, text?: string][]) => {
    const project = new Project(tarball)
    for (const [file, text] of files) project.put(file, text)
    return project
  }
  const prebuilt = path.join(prebuilds, 'noisemill.node')

  test('that came with the package', async () =>
    expect(await projectWith([prebuilt]).info({ NOISEMILL_NATIVE: 'require' })).toMatchObject(native(prebuilt)))

  test('that was built there, which goes before', async () =>
    expect(await projectWith([own], [prebuilt]).info()).toMatchObject(native(own)))

  test('that was built there and no longer loads, the one that came', async () =>
    expect(await projectWith([own, 'no binary'], [prebuilt]).info()).toMatchObject(native(prebuilt)))

  test('for either C library, whichever loads', async () => {
    const [glibc, musl] = ['glibc', 'musl'].map((libc) => path.join(prebuilds, `noisemill.${libc}.node`))
    expect(await projectWith([glibc, 'no binary'], [musl]).info()).toMatchObject(native(musl))
    expect(await projectWith([glibc], [musl, 'no binary']).info()).toMatchObject(native(glibc))
  })

  test('in a host that says it is Electron', async () => {
    const project = projectWith([prebuilt])
    project.write('host.cjs', `Object.defineProperty(process.versions, 'electron', { value: '39.0.0' })`)
    for (const env of [{}, { ELECTRON_RUN_AS_NODE: '1' }])
      expect(await project.info(env, ['--require', './host.cjs'])).toMatchObject(native(prebuilt))
  })

  test('in a worker thread', async () => {
    const project = projectWith([prebuilt])
    project.write(
      'main.js',
      `import { Worker } from 'node:worker_threads'\nnew Worker(new URL('./inside.js', import.meta.url))`,
    )
    project.write(
      'inside.js',
      `import { addNoise, Pool } from 'noisemill'\nconst pool = new Pool()\nawait addNoise(new Float32Array(9), { sigma: 1, pool })\nconsole.log(pool.info.backend)\nawait pool.close()`,
    )
    expect(await project.run(['main.js'])).toEqual({ code: 0, stdout: 'native\n', stderr: '' })
  })

  test('that Node may not load, with --no-addons', async () =>
    expect(await projectWith([prebuilt]).info({}, ['--no-addons'])).toMatchObject({
      backend: 'workers',
      reason: 'no addon: Node is not allowed to load addons',
      remedy: 'run Node with --allow-addons, and without --no-addons',
    }))
})

const permission = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
)

describe.skipIf(permission === undefined)('under the permission model of Node (needs a Node that has it)', () => {
  const project = new Project(tarball)
  if (hasBinary) project.put(path.join(prebuilds, 'noisemill.node'))
  // Its dependencies are links into this clone.
  const flags = (...more: string[]) => [permission!, '--allow-fs-read=*', '--no-warnings', ...more]
  const noThreads = hasBinary ? 'Node is not allowed to load addons' : `there is no binary for ${platform}`

  test('this thread does the work where nothing is allowed, and says what to allow', async () => {
    const { backend, reason, remedy } = await project.info({}, flags())
    expect([backend, reason]).toEqual([
      'inline',
      `no addon: ${noThreads}; no worker threads: Node is not allowed to start them`,
    ])
    expect(remedy).toMatch(/; or run Node with --allow-worker$/)
  })

  test('worker threads do it where those are allowed', async () =>
    expect(await project.info({}, flags('--allow-worker'))).toMatchObject({
      backend: 'workers',
      reason: `no addon: ${noThreads}`,
    }))

  test.skipIf(!hasBinary)('the addon does it where that is allowed (needs the addon)', async () =>
    expect(await project.info({}, flags('--allow-addons'))).toMatchObject({ backend: 'native' }),
  )

  test('a task of your own that needs a thread fails with E_WORKER_START, and the cause', async () => {
    project.write('square.js', 'export const square = (x) => x * x')
    project.write(
      'tasks.js',
      `import { moduleTask, Pool } from 'noisemill'\nconst pool = new Pool({ backend: 'workers' })\nawait pool.map(moduleTask(new URL('./square.js', import.meta.url), 'square'), [1, 2]).catch(({ code, message }) => console.log(code, message))`,
    )
    const { stdout } = await project.run([...flags(), 'tasks.js'])
    expect(stdout).toMatch(/^E_WORKER_START .*--allow-worker/)
  })

  test('a file that may not be read or written fails with what to allow', async () => {
    project.write(
      'files.js',
      `import { addNoiseToFiles } from 'noisemill'\nfor await (const { error } of addNoiseToFiles(['info.js'], { out: 'noisy', sigma: 1 })) console.log(error.code, error.message)`,
    )
    const { stderr, stdout } = await project.run([...flags(), 'files.js'])
    expect(stdout + stderr).toMatch(/ERR_ACCESS_DENIED.*--allow-fs-write/)
  })
})
