/**
 * Bundled programs: with the package outside the bundle, as intended, or inside, where they work and report what is
 * missing.
 */

import path from 'node:path'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { sharedFolder } from '../support/folders.js'
import { hasBinary, Project, pack, prebuilds } from './installed.js'

const folder = sharedFolder()
const project = new Project(path.join(folder, pack(folder).filename))
if (hasBinary) project.put(path.join(prebuilds, 'noisemill.node'))
project.write('square.mjs', 'export const square = (x) => x * x')
project.write(
  'program.js',
  `
import { pathToFileURL } from 'node:url'
import { addNoise, moduleTask, Pool } from 'noisemill'
async function main() {
  const pool = new Pool({ size: 2 })
  const noisy = await addNoise(new Float32Array(3), { sigma: 0.1, seed: 1, pool })
  console.log(pool.info.backend, pool.info.reason, [...noisy].join(' '))
  const squares = pool.map(moduleTask(pathToFileURL('square.mjs'), 'square'), [1, 2, 3])
  await squares.then((values) => console.log(values.join(' ')), (error) => console.log(error.code))
  await pool.close()
}
main()
`,
)

async function bundle(format: 'esm' | 'cjs', external: string[]) {
  const outfile = path.join(project.folder, 'out', format === 'esm' ? 'program.mjs' : 'program.cjs')
  const entryPoints = [path.join(project.folder, 'program.js')]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format, external, logLevel: 'silent' })
  return project.run([outfile])
}

describe.each(['esm', 'cjs'] as const)('a bundle of esbuild, %s', (format) => {
  test('with the package external works as without bundling', async () => {
    const [bundled, plain] = await Promise.all([bundle(format, ['noisemill']), project.run(['program.js'])])
    expect(plain.stdout).toMatch(hasBinary ? /^native the addon loads .*\n1 4 9\n$/ : /^workers .*\n1 4 9\n$/)
    expect([bundled.code, bundled.stdout]).toEqual([0, plain.stdout])
  })

  test('with the package inside adds the same noise in this thread, and says what is wrong', async () => {
    const [inside, plain] = await Promise.all([
      bundle(format, ['commander', 'log-update', 'node-gyp-build', 'picomatch']),
      project.run(['program.js']),
    ])
    expect([inside.code, inside.stderr]).toEqual([0, ''])
    const [first, second] = inside.stdout.split('\n')
    expect(first).toMatch(/^inline no addon: the code was bundled without the files of the package; /)
    expect(first.split(' ').slice(-3)).toEqual(plain.stdout.split('\n')[0].split(' ').slice(-3))
    expect(second).toBe('1 4 9')
  })
})
