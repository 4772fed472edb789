/** The files that npm would publish. */

import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { names } from '../../scripts/prebuilds/names.mjs'
import { root, sharedFolder } from '../support/folders.js'
import { elementsIn, parsed } from '../support/html.js'
import { Project, pack } from './installed.js'

const folder = sharedFolder()
const packed = pack(folder)
const project = new Project(path.join(folder, packed.filename))
const manifest = JSON.parse(readFileSync(path.join(project.package, 'package.json'), 'utf8'))

/** It was 0.9 MB with three binaries; there are to be seven. */
const MOST_BYTES = 2_000_000

describe('the tarball', () => {
  test('is small', () => expect(packed.size).toBeLessThan(MOST_BYTES))

  test('is the same bytes when it is made again', () => expect(pack(sharedFolder()).shasum).toBe(packed.shasum))

  test('has the programs, the types, the sources of the addon, and nothing else', () => {
    const expected = [
      /^(CHANGELOG\.md|LICENSE|README\.md|SECURITY\.md|THIRD-PARTY-NOTICES\.md|package\.json)$/,
      /^dist\/((index|bullmq)\.(js|d\.ts)|shared\d?\.js|thread-entry\.js|process-entry\.js|demo-(tone|etl|cores|pitfall-tasks)\.js|(cli|pages|bullmq)\.cjs|cli\/bin\.cjs|kernels\.wasm|(report|recipe)\.schema\.json)$/,
      /^binding\.gyp$/,
      /^native\/(core\/|simd\/)?[a-z0-9_/]+\.(cc|h|inl)$/,
      /^native\/CMakeLists\.txt$/,
      /^scripts\/(build|build-addon|build-windows|commands|core-sources)\.mjs$/,
      /^docs\/([a-z]+\.md|(noise|talk)\.svg|docker\/(Dockerfile|compose\.yaml))$/,
    ]
    const isBinary = (name: string) => names.some((binary) => name === `prebuilds/${binary}`)
    const isKnown = (name: string) => isBinary(name) || expected.some((form) => form.test(name))
    expect(packed.files.map((file) => file.path).filter((name) => !isKnown(name))).toEqual([])
    for (const name of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/bin.cjs',
      'dist/report.schema.json',
      'dist/recipe.schema.json',
      'binding.gyp',
      'native/addon.cc',
      'LICENSE',
    ])
      expect(packed.files.map((file) => file.path)).toContain(name)
  })

  test('has all sources that its builds name', () => {
    const named =
      readFileSync(path.join(root, 'binding.gyp'), 'utf8').match(/(native|scripts)\/[\w/-]+\.(cc|mjs)/g) ?? []
    expect(named.length).toBeGreaterThan(10)
    expect(packed.files.map((file) => file.path)).toEqual(expect.arrayContaining(named))
  })

  test('finds those of core in its own folder, in one order, wherever it is run', () => {
    const listed = spawnSync(process.execPath, [path.join(project.package, 'scripts/core-sources.mjs')], {
      encoding: 'utf8',
    })
    const found = packed.files.map((file) => file.path).filter((name) => /^native\/core\/.*(?<!_win32)\.cc$/.test(name))
    expect([listed.stdout.split('\n').slice(0, -1), listed.stderr]).toEqual([found.sort(), ''])
  })

  test('has the notices of all packages whose code is in the pages of the demo', () => {
    const notices = project.read('node_modules/noisemill/THIRD-PARTY-NOTICES.md')
    const [, names] = /^\/\*! Contains parts of (.*), minified; /.exec(
      project.read('node_modules/noisemill/dist/pages.cjs'),
    )!
    expect(names.split(/, | and /)).toEqual(['echarts', 'zrender', 'tslib'])
    const files = [
      'echarts/NOTICE',
      'echarts/licenses/LICENSE-d3',
      'zrender/LICENSE',
      'echarts/node_modules/tslib/LICENSE.txt',
    ]
    const words = (text: string) => text.replaceAll(/\s+/g, ' ').trim()
    for (const file of files) {
      const licence = readFileSync(path.join(root, 'node_modules', file), 'utf8').replace(/^BSD 3-Clause License/, '')
      expect(words(notices)).toContain(words(licence))
    }
    const terms = readFileSync(path.join(root, 'node_modules/echarts/LICENSE'), 'utf8').split('APPENDIX')[0]
    expect(words(notices)).toContain(words(terms))
  })

  test('installs without running anything', () => {
    expect(manifest.gypfile).toBe(false)
    const hooks = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare']
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([])
  })

  test('has every file that its README links to', () => {
    const links = [...project.read('node_modules/noisemill/README.md').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
      ([, link]) => link,
    )
    expect(links.length).toBeGreaterThan(3)
    const repository = ['CONTRIBUTING.md']
    const names = packed.files.map((file) => file.path)
    expect(links.filter((link) => !names.includes(link) && !repository.includes(link))).toEqual([])
  })
})

test('the demo and its page work from the tarball', async () => {
  const page = path.join(project.folder, 'page.html')
  const ended = await project.run(['node_modules/noisemill/dist/cli/bin.cjs', 'demo', '--html', page])
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  expect(ended.stdout).toMatch(/^processes +[\d.]+ +[\d.]+ x/m)
  expect(ended.stdout).toMatch(/^The outputs of all \d ways are identical/m)
  const charts = elementsIn(parsed(readFileSync(page, 'utf8')), 'figure')
  expect(charts).toHaveLength(3)
})

describe('what a program can import', () => {
  const exported = [
    'Cancellation',
    'NoisemillError',
    'Pool',
    'addNoise',
    'addNoiseToFiles',
    'addNoiseToWav',
    'createBackend',
    'diagnose',
    'errorCodes',
    'isPoolWorker',
    'moduleTask',
    'noiseTask',
    'replay',
    'showDiagnosis',
    'transformFiles',
    'transformTask',
  ]

  test('is what lib/index.ts exports', async () => {
    project.write('names.js', `console.log(JSON.stringify(Object.keys(await import('noisemill')).sort()))`)
    expect(await project.run(['names.js'])).toEqual({ code: 0, stdout: `${JSON.stringify(exported)}\n`, stderr: '' })
  })

  test('is the same by require()', async () => {
    project.write(
      'names.cjs',
      `console.log(JSON.stringify(Object.keys(require('noisemill')).filter((name) => name !== '__esModule').sort()))`,
    )
    const { code, stdout } = await project.run(['names.cjs'])
    expect([code, JSON.parse(stdout)]).toEqual([0, exported])
  })

  test('has the schema of reports, with its version', async () => {
    project.write(
      'schema.js',
      `import { createRequire } from 'node:module'
const schema = createRequire(import.meta.url)('noisemill/report.schema.json')
const { default: same } = await import('noisemill/report.schema.json', { with: { type: 'json' } })
console.log(schema.$id, same.$id === schema.$id)`,
    )
    const { code, stdout } = await project.run(['schema.js'])
    expect([code, stdout]).toEqual([0, `urn:noisemill:report:${manifest.version} true\n`])
  })

  test.each([
    'noisemill/dist/shared.js',
    'noisemill/dist/cli.cjs',
    'noisemill/native/addon.cc',
    'noisemill/lib/index.ts',
  ])('is not %s', async (name) => {
    project.write('private.js', `import(${JSON.stringify(name)}).catch((error) => console.log(error.code))`)
    expect((await project.run(['private.js'])).stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n')
  })

  test('has types for strict programs', () => {
    project.write(
      'program.ts',
      `import { addNoise, Pool, type PoolInfo } from 'noisemill'\nexport const info: PoolInfo = new Pool().info\nexport const noisy: Promise<Int16Array> = addNoise(new Int16Array(9), { snr: 10 })\n`,
    )
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2023,esnext.disposable',
      '--types',
      'node',
    ]
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, ...options, 'program.ts'], { cwd: project.folder, stdio: 'pipe' })
  })
})
