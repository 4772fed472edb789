/**
 * Paths of outputs: links never move them out of the output folder, and they do not overwrite each other in a folder
 * that ignores case.
 */

import { linkSync, mkdirSync, symlinkSync, unlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { countOf, originalsOf, variantName } from '../../dist-lib/files/outputs.js'
import { filesBelow, JOURNAL } from '../support/folders.js'
import { outcomes, place, runsOn } from '../support/resuming.js'
import { posixTest, tellsCaseApart } from '../support/systems.js'

describe('outputs', () => {
  const { run } = runsOn({ backend: 'inline' })

  test.skipIf(!tellsCaseApart())(
    'two inputs whose outputs differ in case or Unicode form do not replace each other where that is one name (needs a file system that tells case apart)',
    async () => {
      const composed = 'é.wav'
      const names = ['a.wav', 'A.WAV', 'b.wav', composed, composed.normalize('NFD'), 'straße.wav', 'STRASSE.wav']
      const { at, input, out } = place(...names)
      // File systems that fold are rarely at hand: by this name the journal says it lies on one.
      await run(at('in/b.wav'), out)
      linkSync(at('out', JOURNAL), at('out', JOURNAL.toUpperCase()))
      for (const overwrite of [true, false]) {
        const results = await run(input, out, { overwrite })
        const codes = results.map(({ error }) => error?.code).filter((code) => code !== 'E_OUTPUT_EXISTS')
        expect(codes.filter((code) => code === 'E_OUTPUT_CLASH').length, `${overwrite}`).toBe(3)
      }
      unlinkSync(at('out', JOURNAL.toUpperCase()))
      const results = await run(input, at('plain'))
      expect(results.map(({ status }) => status)).toEqual(names.map(() => 'done'))
    },
  )

  posixTest(
    'outputs stay in their folder: a link in it that leads out is not followed (needs symbolic links)',
    async () => {
      const { at, input, out } = place('a.wav', 'sub/b.wav', 'sub/deep/c.wav', 'inner/d.wav', 'new/e.wav')
      mkdirSync(at('out/real'), { recursive: true })
      mkdirSync(at('elsewhere'))
      symlinkSync('../elsewhere', at('out/sub'))
      symlinkSync('real', at('out/inner'))
      for (const dryRun of [true, false]) {
        const done = dryRun ? 'planned' : 'done'
        expect(outcomes(await run(input, out, { dryRun }))).toEqual({
          'a.wav': done,
          'sub/b.wav': 'E_OUTPUT_OUTSIDE',
          'sub/deep/c.wav': 'E_OUTPUT_OUTSIDE',
          'inner/d.wav': done,
          'new/e.wav': done,
        })
      }
      expect(filesBelow(at('elsewhere'))).toEqual([])
      expect(filesBelow(out)).toEqual(['a.wav', 'inner', 'new/e.wav', 'real/d.wav', 'sub'])
      // A folder that is reached by a link itself is as good as any.
      symlinkSync('elsewhere', at('linked'))
      expect(outcomes(await run(at('in/sub'), at('linked')))).toEqual({ 'b.wav': 'done', 'deep/c.wav': 'done' })
    },
  )
})

const NAMES = ['a.wav', 'a', '.wav', 'a.1.wav', 'a.1', 'a.', 'a.1.', '.1', 'a.1.2', 'a..wav', 'é.wav', 'a\n.wav']

test.each([
  ...NAMES.map((name) => ({ name })),
  { name: Buffer.from('\xff.wav', 'latin1') },
  { name: Buffer.from('\xff', 'latin1') },
])('the name of each output leads back to its original: $name', ({ name }) => {
  const labels = ['_snr0', '_snr-5', '_snr2.5']
  for (const variants of [
    { copies: 10, labels: [] },
    { copies: 1, labels },
    { copies: 10, labels },
  ]) {
    for (const output of [1, 2, countOf(variants)]) {
      const shown = variantName(name, output, variants)
      const originals = originalsOf(shown, variants)
      expect(originals).toContainEqual({ original: name, output })
      for (const found of originals) expect(variantName(found.original, found.output, variants)).toEqual(shown)
    }
  }
  const eleventh = variantName(name, 11, { copies: 11, labels: [] })
  const found = originalsOf(eleventh, { copies: 10, labels: [] })
  expect(found).not.toContainEqual(expect.objectContaining({ original: name }))
  expect(originalsOf(name, { copies: 1, labels: [] })).toEqual([{ original: name, output: 1 }])
})

test.each(['a.wav', 'a.0.wav', 'a.01.wav', 'a.1x.wav', '1.wav', 'a.-1.wav'])('%s is no copy', (name) => {
  expect(originalsOf(name, { copies: 100, labels: [] })).toEqual([])
})
