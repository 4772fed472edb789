/**
 * Bundled programs: with the package outside the bundle, as intended, or inside, where they work and report what is
 * missing.
 */

import { execSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { rolldown } from 'rolldown'
import { describe, expect, test } from 'vitest'
import { root, sharedFolder } from '../support/folders.js'
import { describeWorkers } from '../support/pools.js'
import { hasBinary, Project, pack, prebuilds } from './installed.js'

/** Those of the package, which cannot all be bundled. */
const dependencies = ['commander', 'log-update', 'node-gyp-build', 'picomatch']

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
    const [inside, plain] = await Promise.all([bundle(format, dependencies), project.run(['program.js'])])
    expect(inside.code).toBe(0)
    expect(inside.stderr).toMatch(
      /^\(node:\d+\) \[W_BUNDLED\] NoisemillWarning: noisemill was bundled .*Exclude noisemill from the bundle\.\n/,
    )
    const [first, second] = inside.stdout.split('\n')
    expect(first).toMatch(/^inline no addon: the code was bundled without the files of the package; /)
    expect(first.split(' ').slice(-3)).toEqual(plain.stdout.split('\n')[0].split(' ').slice(-3))
    expect(second).toBe('1 4 9')
  })
})

/** The part of a program that prints what its pool gives or throws. */
const runs = (task: string) => `
async function main() {
  const pool = new Pool({ backend: process.argv[2], size: 2 })
  console.log(String(await pool.map(moduleTask(${task}, 'square'), [1, 2, 3])))
  await pool.close()
}
const run = () => main().catch(({ code, message }) => console.log(code, message))
`
mkdirSync(path.join(project.folder, 'source'))
project.write('source/power.js', 'export const power = (n, exponent) => n ** exponent')
// A bundler puts what the task imports into the file of the task.
const square = "import { power } from './power.js'\nexport const square = (n) => power(n, 2)\n"
project.write('source/square.js', square)
const two = `import { moduleTask, Pool } from 'noisemill'${runs("new URL('./square.js', import.meta.url)")}run()`
project.write('source/main.js', two)
const one = `import { isPoolWorker, moduleTask, Pool } from 'noisemill'\n${square}${runs('import.meta.url')}if (!isPoolWorker) run()`
project.write('source/one.js', one)

const cwd = path.join(project.folder, 'source')
const entry = (name: string) => path.join(cwd, name)

/** What docs/pool.md tells users to type. */
const [, command] = /^ {4}npx (esbuild main\.js .*)$/m.exec(readFileSync(path.join(root, 'docs/pool.md'), 'utf8'))!

type Bundle = (entries: string[], out: string) => Promise<unknown>
const byEsbuild: Bundle = (entries, outdir) =>
  build({ entryPoints: entries, outdir, ...common, format: 'esm', packages: 'external', minify: true })
const byRolldown: Bundle = async (input, dir) => {
  const bundling = await rolldown({ input, external: ['noisemill'], platform: 'node' })
  await bundling.write({ dir, format: 'esm' })
}
const common = { bundle: true, platform: 'node', logLevel: 'silent' } as const

describeWorkers('a bundled program [%s]', (backend) => {
  const printed = async (file: string) => {
    const { code, stdout, stderr } = await project.run([file, backend])
    expect([code, stderr]).toEqual([0, ''])
    return stdout
  }

  test('works by the documented command, with its task as an entry of its own', async () => {
    execSync(`"${path.join(root, 'node_modules/.bin/esbuild')}" ${command.replace('esbuild ', '')}`, {
      cwd,
      stdio: 'ignore',
    })
    expect(await printed(path.join(cwd, 'out/main.js'))).toBe('1,4,9\n')
  })

  test.each([
    ['esbuild, minified', byEsbuild],
    ['rolldown', byRolldown],
  ])('works by %s, with its task in a file of its own and in the same file', async (name, bundling) => {
    const out = path.join(cwd, `${backend} ${name}`)
    await bundling([entry('main.js'), entry('square.js'), entry('one.js')], out)
    expect(await printed(path.join(out, 'main.js'))).toBe('1,4,9\n')
    expect(await printed(path.join(out, 'one.js'))).toBe('1,4,9\n')
  })

  test('without an entry for its task says that it needs one', async () => {
    const out = path.join(cwd, `${backend} alone`)
    await byEsbuild([entry('main.js')], out)
    const said = await printed(path.join(out, 'main.js'))
    expect(said).toContain('E_TASK_LOAD')
    expect(said).toMatch(/square\.js does not exist.* If a bundler made the program, make the module an entry/)
  })

  test('in CommonJS works by an absolute path, and says that import.meta.url is missing there', async () => {
    const bundled = async (text: string, name: string) => {
      project.write(`source/${backend}-${name}.js`, text)
      const outfile = path.join(cwd, `${backend}-${name}.cjs`)
      const entryPoints = [entry(`${backend}-${name}.js`)]
      await build({ entryPoints, outfile, ...common, format: 'cjs', packages: 'external' })
      return printed(outfile)
    }
    expect(await bundled(one, 'url')).toMatch(/^E_OPTION_INVALID .*a bundle in CommonJS has no import\.meta\.url/)
    expect(await bundled(one.replace('import.meta.url', '__filename'), 'path')).toBe('1,4,9\n')
  })

  test('with the package inside says that workers need its files', async () => {
    const outfile = path.join(cwd, `${backend}-inside.mjs`)
    await build({ entryPoints: [entry('main.js')], outfile, ...common, format: 'esm', external: dependencies })
    const said = await printed(outfile)
    expect(said).toMatch(/^E_BACKEND_UNAVAILABLE .*exclude noisemill from the bundle/)
  })
})
