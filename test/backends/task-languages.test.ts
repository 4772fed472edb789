/** Task modules in the languages and forms in which people write them, in programs of their own. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { makeProject } from '../docs/project.js'
import { describePlaces } from '../support/pools.js'
import { linesOf, quote, start } from '../support/programs.js'

const project = makeProject('tsx', 'typescript')

function write(files: Readonly<Record<string, string>>): string[] {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(project, name), text)
  return Object.keys(files)
}

const readJs = (name: string) => readFileSync(path.join(project, name), 'utf8')

const typed = 'export const triple = ({ n }: { n: number }): number => 3 * n'

/** As compilers write an ES module in CommonJS. */
const compiled = ts.transpileModule(typed, { compilerOptions: { module: ts.ModuleKind.CommonJS } }).outputText

const javaScript = write({
  'exported.js': 'export const triple = ({ n }) => 3 * n',
  'assigned.cjs': 'module.exports = { triple: ({ n }) => 3 * n }',
  'exports.cjs': 'exports.triple = ({ n }) => 3 * n',
  'compiled.cjs': compiled,
})

/** What Node can run by removing types. */
const typesOnly = write({
  'typed.ts': typed,
  'importing.ts': "import type { Item } from './typed.ts'\nexport { triple } from './typed.ts'\nexport type Own = Item",
  'typed.mts': typed,
  'assigned.cts': 'module.exports = { triple: ({ n }: { n: number }): number => 3 * n }',
  'exports.cts': 'exports.triple = ({ n }: { n: number }): number => 3 * n',
})
write({ 'typed.ts': `${typed}\nexport interface Item { n: number }` })

/** What needs a compiler: code that types make, and the names that compiled files would have. */
const forCompilers = write({
  'enum.ts': 'enum By { Three = 3 }\nexport const triple = ({ n }: { n: number }): number => By.Three * n',
  'renaming.ts': "export { triple } from './typed.js'",
})

/** Makes a program that prints what each of some modules gives for two items, or the error. */
function writeProgram(name: string, backend: string, modules: readonly string[], options = ''): string {
  const text = `import { moduleTask, Pool } from 'noisemill'
const pool = new Pool({ backend: ${quote(backend)}, size: 2, ${options} })
for (const module of ${quote(modules)}) {
  const task = moduleTask(new URL(module, import.meta.url), 'triple')
  const told = await pool.map(task, [{ n: 1 }, { n: 2 }]).then((values) => values.join(' '), (e) => e.code + ' ' + e.message)
  console.log(module + ': ' + told)
}
await pool.close()
`
  write({ [name]: text })
  return name
}

const run = async (args: readonly string[]) => {
  const { code, stdout, stderr } = await start([process.execPath, ...args], { cwd: project }).ended
  return { code, stderr, lines: linesOf(stdout) }
}

const succeeded = (modules: readonly string[]) => ({
  code: 0,
  stderr: '',
  lines: modules.map((module) => `./${module}: 3 6`),
})
const urls = (modules: readonly string[]) => modules.map((module) => `./${module}`)

const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript)

// tsx registers itself in threads only in some versions of Node.
write({ 'register-tsx.js': "import { register } from 'tsx/esm/api'\nregister()" })
const registering = `execArgv: ['--import', ${quote(pathToFileURL(path.join(project, 'register-tsx.js')))}]`
const all = [...javaScript, ...typesOnly, ...forCompilers]

describePlaces('task modules [%s]', (backend) => {
  const program = (name: string, modules: readonly string[], options?: string) =>
    writeProgram(`${backend}-${name}`, backend, urls(modules), options)

  test('in JavaScript: ES modules, and CommonJS modules of people and of a compiler', async () => {
    expect(await run([program('plain.js', javaScript)])).toEqual(succeeded(javaScript))
  })

  const title = 'in TypeScript, whose types Node removes (needs Node 22.18 or 23.6)'
  test.skipIf(!stripsTypes)(title, async () => {
    expect(await run([program('types.ts', typesOnly)])).toEqual(succeeded(typesOnly))
    const { code, lines } = await run([program('syntax.ts', ['enum.ts'])])
    expect([code, ...lines]).toEqual([0, expect.stringMatching(/E_TASK_LOAD.* is not supported in strip-only mode/)])
    expect(lines[0]).toContain('Node only removes types')
  })

  test.skipIf(stripsTypes)(
    'in TypeScript, which Node cannot load: the error names a loader (needs Node before 22.18)',
    async () => {
      const { code, lines } = await run([program('unknown.js', ['typed.ts'])])
      expect([code, ...lines]).toEqual([0, expect.stringMatching(/E_TASK_LOAD.* Unknown file extension "\.ts"/)])
      expect(lines[0]).toContain('give the workers a loader')
    },
  )

  if (backend !== 'inline') {
    test('in TypeScript, by a loader that only the workers have', async () => {
      expect(await run([program('loader.js', all, registering)])).toEqual(succeeded(all))
    })
  }

  test.each([
    ['the command tsx', [path.join(project, 'node_modules/tsx/dist/cli.mjs')]],
    ['node --import tsx', ['--import', 'tsx']],
  ])('in TypeScript, in a program that is run by %s', async (_, args) => {
    const options = backend === 'inline' ? '' : registering
    expect(await run([...args, program('program.ts', all, options)])).toEqual(succeeded(all))
  })

  const options = backend === 'inline' ? '' : registering
  const calling = (url: string, more = '') => `
async function main() {
  const pool = new Pool({ backend: ${quote(backend)}, size: 2, ${more} })
  console.log(String(await pool.map(moduleTask(${url}, 'triple'), [{ n: 1 }, { n: 2 }])))
  await pool.close()
}
if (!isPoolWorker) `
  const imports = "import { isPoolWorker, moduleTask, Pool } from 'noisemill'\n"
  const requires = "const { isPoolWorker, moduleTask, Pool } = require('noisemill')\n"

  test.each([
    ['an ES module', 'one.js', `${imports}${readJs('exported.js')}${calling('import.meta.url')}main()`, []],
    ['CommonJS', 'one.cjs', `${requires}${readJs('exports.cjs')}${calling('__filename')}main()`, []],
    ['TypeScript', 'one.ts', `${imports}${typed}${calling('import.meta.url', options)}main()`, ['--import', 'tsx']],
  ])('that are programs in one file: %s', async (_, name, text, args) => {
    write({ [`${backend}-${name}`]: text })
    expect(await run([...args, `${backend}-${name}`])).toEqual({ code: 0, stderr: '', lines: ['3,6'] })
  })

  test('that are programs in one file with top-level await, but for inline, which says what to do', async () => {
    write({ [`${backend}-awaits.js`]: `${imports}${readJs('exported.js')}${calling('import.meta.url')}await main()` })
    const { code, stderr, lines } = await run([`${backend}-awaits.js`])
    if (backend !== 'inline') expect([code, stderr, lines]).toEqual([0, '', ['3,6']])
    else {
      expect([code, lines]).toEqual([1, []])
      expect(stderr).toMatch(/its top-level await waits for a run that calls it\. Await the run in an async function/)
    }
  })
})
