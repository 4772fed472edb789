/** The program in docs/formats.md runs, and does what the page says. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../../dist/index.js'
import type { HeaderWarning } from '../../dist-lib/core/wav/header.js'
import { root } from '../support/folders.js'
import { expectOutput, makeProject } from './project.js'

const project = makeProject('wavefile')
const formats = readFileSync(path.join(root, 'docs/formats.md'), 'utf8')
const programs = Array.from(formats.matchAll(/^```js\n(.*?)^```$/gms), ([, code]) => code)

/** All of them, or this does not compile. */
const headerWarnings: Readonly<Record<HeaderWarning, true>> = {
  W_SIZE_UNKNOWN: true,
  W_DATA_CUT_SHORT: true,
  W_TRAILING_BYTES: true,
  W_PARTIAL_FRAME: true,
  W_BYTE_RATE: true,
  W_BLOCK_ALIGN: true,
}

test('a WaveFile passes its bytes through addNoiseToWav, and reads samples with the noise that was asked for', async () => {
  expect(programs).toHaveLength(1)
  const before = 'const samples = Int16Array.from({ length: 16000 }, (_, n) => 8000 * Math.sin(n / 10))'
  const after = `
    const [was, is] = [clean, noisy].map((wav) => wav.getSamples(true, Int16Array))
    const power = (values) => values.reduce((sum, value) => sum + value * value, 0)
    console.log(is.length, was.every((sample, n) => sample === samples[n]))
    console.log((10 * Math.log10(power([...was]) / power(Array.from(is, (sample, n) => sample - was[n])))).toFixed(0), 'dB')`
  const module = path.join(project, 'program.js')
  writeFileSync(module, `${before}\n${programs[0]}\n${after}`)
  await expectOutput(module, '16000 true\n10 dB\n')
})

test('the page has every code of errors and warnings that a header gives rise to', () => {
  for (const code of [...errorCodes.filter((code) => code.startsWith('E_WAV_')), ...Object.keys(headerWarnings)])
    expect(formats).toMatch(new RegExp(`^\\| .*\\b${code}\\b.* \\|$`, 'm'))
})
