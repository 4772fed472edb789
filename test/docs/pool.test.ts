/**
 * The programs in docs/pool.md run, and print what the page says. A block that begins with `// NAME.js` or `// NAME.ts` is that module. A
 * block that begins with an import is a whole program; the page says what others leave out. The calls in tables work, too.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { writeFiles } from '../support/files.js'
import { root } from '../support/folders.js'
import { linesOf, shellLine, start } from '../support/programs.js'
import { hasTerminal } from '../support/systems.js'
import { inTime } from '../support/waiting.js'
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

const project = makeProject('tsx', 'ora')
writeFiles(project, modules)

test('the page has modules and programs, and no other code', () => {
  expect(Object.keys(modules).length).toBeGreaterThan(3)
  expect(programs.length).toBeGreaterThan(6)
  expect(page.match(/^```/gm)).toHaveLength(2 * blocks.length)
})

/** The program that shows its progress on a terminal, by a package that writes to stderr elsewhere too. */
const showsProgress = (code: string) => code.includes("from 'ora'")

const silent = programs.filter((code) => !showsProgress(code))

function writeProgram(name: string, code: string): string {
  const module = path.join(project, name)
  writeFileSync(module, whole(code))
  return module
}

test.concurrent.each(silent.map((code, i) => ({ code, i, line: code.split('\n')[0] })))(
  'program $i of the page prints what it says: $line',
  async ({ code, i }) => {
    expect(outputIn(code)).not.toBe('')
    await expectOutput(writeProgram(`program${i}.js`, code), outputIn(code))
  },
)

/** The calls of noisemill in the tables for users of other libraries, which are in the last columns. */
function callsInTables(): string[] {
  const [, section] = /^## Coming from another library\n(.*?)^## /ms.exec(page)!
  const cells = Array.from(section.matchAll(/^\| .* \| (.*) \|$/gm), ([, cell]) => cell)
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`(.*?)`/g), ([, code]) => code))
}

test('all calls of noisemill in the tables for users of other libraries work', async () => {
  // Plain JavaScript has it from Node 24 on. The examples of the API use it.
  const calls = callsInTables().filter((call) => !call.startsWith('await using'))
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

describe('the program that shows its progress', () => {
  const code = programs.find(showsProgress)!
  const module = writeProgram('progress.js', code)

  test('prints its first and its last line where there is no terminal', async () => {
    const { code: exit, stdout, stderr } = await start([process.execPath, module], { cwd: project }).ended
    expect([exit, stdout]).toEqual([0, outputIn(code)])
    expect(linesOf(stripVTControlCharacters(stderr))).toEqual([
      '- pause',
      expect.stringMatching(/^. 100 of 100, workers/),
    ])
  })

  test.skipIf(!hasTerminal)('shows how far it is, and how busy workers are (needs util-linux)', async () => {
    const line = shellLine([process.execPath, module])
    const terminal = ['script', '-qec', `stty cols 80 rows 30; ${line}`, '/dev/null']
    const shares = await inTime(1, async () => {
      const { code: exit, stdout } = await start(terminal, {
        cwd: project,
        env: { TERM: 'xterm-256color', CI: undefined },
      }).ended
      expect(exit).toBe(0)
      const shown = Array.from(stripVTControlCharacters(stdout).matchAll(/(\d+) of 100, workers busy: ([\d %,]*)/g))
      const done = shown.map(([, count]) => Number(count))
      expect(done.at(-1)).toBe(100)
      expect(done).toEqual(done.toSorted((a, b) => a - b))
      const shares = Array.from(shown.at(-1)![2].matchAll(/(\d+) %/g), ([, share]) => Number(share))
      // On a busy machine one worker may have done all before another has started, and few lines may be shown.
      return new Set(done).size > 2 && shares.every((share) => share > 0) ? shares : undefined
    })
    expect(shares.length).toBeGreaterThan(0)
    expect(Math.max(...shares)).toBeLessThanOrEqual(100)
  })
})
