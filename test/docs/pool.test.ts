/**
 * The programs in docs/pool.md run, and print what the page says. A block that begins with `// NAME.js` or `// NAME.ts` is that module. A
 * block that begins with an import is a whole program; the page says what others leave out. The calls in tables work, too.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeFiles } from '../support/files.js'
import { root } from '../support/folders.js'
import { start } from '../support/programs.js'
import { expectOutput, makeProject, outputIn } from './project.js'

const page = readFileSync(path.join(root, 'docs/pool.md'), 'utf8')
const blocks = Array.from(page.matchAll(/^```[jt]s\n(.*?)^```$/gms), ([, code]) => code)
const nameIn = (code: string) => /^\/\/ ([\w-]+\.[jt]s)\n/.exec(code)?.[1]
const modules = Object.fromEntries(
  blocks.flatMap((code) => {
    const name = nameIn(code)
    return name === undefined ? [] : [[name, Buffer.from(code)]]
  }),
)
const programs = blocks.filter((code) => nameIn(code) === undefined)

const whole = (code: string) =>
  code.startsWith('import ')
    ? code
    : `import { moduleTask, Pool } from 'noisemill'\nconst pool = new Pool()\n${code}\nawait pool.close()`

const project = makeProject('tsx')
writeFiles(project, modules)

test('the page has modules and programs, and no other code', () => {
  expect(Object.keys(modules).length).toBeGreaterThan(3)
  expect(programs.length).toBeGreaterThan(6)
  expect(page.match(/^```/gm)).toHaveLength(2 * blocks.length)
})

test.concurrent.each(programs.map((code, i) => ({ code, i, line: code.split('\n')[0] })))(
  'program $i of the page prints what it says: $line',
  async ({ code, i }) => {
    expect(outputIn(code)).not.toBe('')
    const module = path.join(project, `program${i}.js`)
    writeFileSync(module, whole(code))
    await expectOutput(module, outputIn(code))
  },
)

/** The calls of noisemill in the tables for users of other libraries, which are in the last columns. */
function callsInTables(): string[] {
  const [, section] = /^## Coming from another library\n(.*?)^## /ms.exec(page)!
  const cells = Array.from(section.matchAll(/^\| .* \| (.*) \|$/gm), ([, cell]) => cell)
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`(.*?)`/g), ([, code]) => code))
}

test('all calls of noisemill in the tables for users of other libraries work', async () => {
  const calls = callsInTables()
  expect(calls.length).toBeGreaterThan(30)
  writeFileSync(path.join(project, 'f.js'), 'export const f = (value) => value\nexport const g = f\n')
  const given = {
    items: '[1, 2]',
    pairs: '[[1, 2]]',
    table: 'new Float64Array(2)',
    signal: 'new AbortController().signal',
    item: '1',
    x: '1',
    y: '2',
  }
  const module = path.join(project, 'calls.js')
  writeFileSync(
    module,
    `import { isPoolWorker, moduleTask, Pool } from 'noisemill'
    import { f } from './f.js'
    const url = new URL('./f.js', import.meta.url)
    const task = moduleTask(url, 'f')
    ${Object.entries(given)
      .map(([name, value]) => `const ${name} = ${value}`)
      .join('\n')}
    ${calls.map((call) => `{ const pool = new Pool()\n${call}\nawait pool.close() }`).join('\n')}`,
  )
  const { code, stderr } = await start([process.execPath, module], { cwd: project }).ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})
