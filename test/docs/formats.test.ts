/** The program of docs/formats.md runs, and does what stands there. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../../dist/index.js'
import { warnings } from '../../dist-lib/warnings.js'
import { root } from '../support/folders.js'
import { expectOutput, makeProject } from './project.js'

const project = makeProject('wavefile')
const formats = readFileSync(path.join(root, 'docs/formats.md'), 'utf8')
const programs = Array.from(formats.matchAll(/^```js\n(.*?)^```$/gms), ([, code]) => code)

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
  // What else there is comes of samples and of file systems.
  const others = ['W_NON_FINITE', 'W_SILENT', 'W_SNR_OFF', 'W_NO_HARD_LINKS']
  const ofHeaders = Object.keys(warnings).filter((code) => !others.includes(code))
  for (const code of [...errorCodes.filter((code) => code.startsWith('E_WAV_')), ...ofHeaders])
    expect(formats).toMatch(new RegExp(`^\\| .*\\b${code}\\b.* \\|$`, 'm'))
})
