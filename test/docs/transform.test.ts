/** The programs in docs/transform.md run, and print what the page says. A block that begins with `// NAME.js` is that module. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeFiles } from '../support/files.js'
import { root } from '../support/folders.js'
import { pcm16 } from '../support/wav.js'
import { expectOutput, makeProject, outputIn } from './project.js'

const page = readFileSync(path.join(root, 'docs/transform.md'), 'utf8')
const blocks = Array.from(page.matchAll(/^```js\n(.*?)^```$/gms), ([, code]) => code)
const nameIn = (code: string) => /^\/\/ ([\w-]+\.js)\n/.exec(code)?.[1]
const programs = blocks.filter((code) => nameIn(code) === undefined)
const modules = blocks.flatMap((code) => {
  const name = nameIn(code)
  return name === undefined ? [] : [[name, Buffer.from(code)] as const]
})

test('the page has modules and programs, and no other code', () => {
  expect([modules.length, programs.length].every((count) => count > 2)).toBe(true)
  expect(page.match(/^```/gm)).toHaveLength(2 * blocks.length)
})

test.concurrent.each(programs.map((code, i) => ({ code, i })))(
  'program $i prints what the page says',
  async ({ code, i }) => {
    const project = makeProject()
    writeFiles(project, { ...Object.fromEntries(modules), 'speech/a.wav': pcm16(1600), 'speech/b.wav': pcm16(3200) })
    const module = path.join(project, `program${i}.js`)
    writeFileSync(module, code)
    expect(outputIn(code)).not.toBe('')
    await expectOutput(module, outputIn(code))
  },
)
