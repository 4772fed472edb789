/**
 * Every example is a program of a user: it is compiled, and run in a folder of its own that has `speech/a.wav` and `speech/b.wav`. A line
 * `// name.js: code` stands for a module beside it; comments `// -> text` are the lines that it prints.
 */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeFiles } from '../support/files.js'
import { pcm16 } from '../support/wav.js'
import { compile, documented, type Example } from './examples.js'
import { expectOutput, makeProject, outputIn } from './project.js'

const project = makeProject()
const found = documented()
const examples = [...found.values()].flat()
const places = examples.map((example, i) => ({ ...example, module: writeExample(example, `${i}`) }))
const complaints = compile(places.map(({ module }) => module))

function writeExample({ name, code }: Example, folder: string): string {
  const module = path.join(project, folder, `${name.replace(/\W/g, '')}.ts`)
  const modules = code.matchAll(/^\/\/ (\w+\.js): (.*)$/gm)
  writeFiles(path.dirname(module), {
    'speech/a.wav': pcm16(1600),
    'speech/b.wav': pcm16(3200),
    ...Object.fromEntries(Array.from(modules, ([, file, text]) => [file, Buffer.from(text)])),
  })
  writeFileSync(module, code)
  return module
}

test('everything that is exported has an example, in which it is used', () => {
  expect([...found.keys()]).toEqual(expect.arrayContaining(['addNoise', 'PoolInfo', 'Pool.map', 'Pool.info']))
  expect([...found].filter(([, own]) => own.length === 0).map(([name]) => name)).toEqual([])
  const unused = examples.filter(({ name, code }) => {
    const uses = code.split('\n').filter((line) => !line.startsWith('import '))
    const word = name === 'Pool.[Symbol.asyncDispose]' ? 'await using' : name.split('.').at(-1)!
    return !uses.some((line) => new RegExp(`\\b${word}\\b`).test(line))
  })
  expect(unused).toEqual([])
})

test('all examples compile', () => {
  expect(complaints).toBe('')
})

test.concurrent.each(places)('the example of $name prints what it says', async ({ code, module }) => {
  expect(outputIn(code)).not.toBe('')
  await expectOutput(module.replace(/ts$/, 'js'), outputIn(code))
})
