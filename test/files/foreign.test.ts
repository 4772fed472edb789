/** WAV files of an output folder that no input of a run leads to. */

import path from 'node:path'
import { expect, test } from 'vitest'
import { KnownOutputs } from '../../dist-lib/files/foreign.js'
import { tree } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'

async function foreignIn(out: string, known: KnownOutputs): Promise<string[]> {
  const found: string[] = []
  for await (const file of known.foreignIn(out)) found.push(path.relative(out, file))
  return found.sort()
}

test('names of outputs have the number of the copy and the label', async () => {
  const known = new KnownOutputs({ copies: 2, labels: ['_snr0', '_snr5'] })
  known.add('a.wav', false)
  known.add('b', false)
  const outputs = ['a.1_snr0.wav', 'a.2_snr5.wav', 'b.1_snr5.wav', 'c/a.1_snr0.wav']
  const others = ['a.wav', 'a.1.wav', 'a_snr0.wav', 'a.3_snr0.wav', 'a.01_snr0.wav', 'a.1_snr1.wav']
  const out = tree(...outputs, ...others)
  expect(await foreignIn(out, known)).toEqual([...others, 'b.1_snr5.wav', path.join('c', 'a.1_snr0.wav')].sort())
})

test('nothing is foreign in the folder of an input folder that could not be read', async () => {
  const out = tree('a.wav', 'b/a.wav', 'b/c/a.wav', 'bb/a.wav')
  const known = new KnownOutputs({ copies: 1, labels: [] })
  known.add('b', true)
  expect(await foreignIn(out, known)).toEqual(['a.wav', path.join('bb', 'a.wav')])
  known.add('', true)
  expect(await foreignIn(out, known)).toEqual([])
})

test('a folder that is missing or has no WAV files has no foreign ones', async () => {
  const known = new KnownOutputs({ copies: 1, labels: [] })
  expect(await foreignIn(temporaryFolder(), known)).toEqual([])
  expect(await foreignIn(path.join(temporaryFolder(), 'out[1]'), known)).toEqual([])
})
