/** The commands in docs/noise.md run, and its table has all kinds. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { noiseKinds } from '../../dist-lib/core/noise/kinds.js'
import { writeFiles } from '../support/files.js'
import { hashesBelow, root, temporaryFolder } from '../support/folders.js'
import { noisemill } from '../support/programs.js'
import { formats, sine, text, wav } from '../support/wav.js'

const page = readFileSync(path.join(root, 'docs/noise.md'), 'utf8')
const [, recipe] = /^```json\n(.*?)^```$/ms.exec(page)!
const commands = Array.from(page.matchAll(/^ {4}noisemill (.*)$/gm), ([, args]) => args.split(' '))

test('there are commands', () => expect(commands.length).toBeGreaterThan(15))

test.each(commands.map((args) => [args.join(' '), args] as const))('noisemill %s', async (_, args) => {
  const cwd = temporaryFolder()
  const sound = (frames: number) => wav({ sampleRate: 8000, data: sine(formats[1], frames) })
  const voices = Array.from({ length: 7 }, (_, n) => [`voices/${n}.wav`, sound(5000 + n)])
  writeFiles(cwd, {
    ...Object.fromEntries(voices),
    'speech/a.wav': sound(8000),
    'backgrounds/street/1.wav': sound(3000),
    'backgrounds/rooms/1.wav': sound(9000),
    'doors/1.wav': sound(500),
    'street.txt': text('backgrounds/street/1.wav\n'),
    'recipe.json': Buffer.from(recipe),
  })
  const { code, stderr } = await noisemill(args, { cwd })
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('E_')])
  expect(Object.keys(hashesBelow(path.join(cwd, args[args.indexOf('--out') + 1])))).not.toEqual([])
})

test('the table has every kind, in the order of the help', () => {
  const names = Array.from(page.matchAll(/^\| `(\w+)` \| (?!values|the |all)/gm), ([, name]) => name)
  const kinds = noiseKinds.map(({ name }) => name)
  expect(names.filter((name) => kinds.includes(name))).toEqual(kinds)
})
