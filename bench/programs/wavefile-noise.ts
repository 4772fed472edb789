/**
 * Adds noise to the files of a folder with the package wavefile and Math.random, one after the other,
 * as a program without noisemill might.
 *
 *     node wavefile-noise.js CLEAN OUT SIGMA [PART]
 *
 * With PART, it works on the first file and every PART-th after it. It reports the seconds that all
 * files would take: from the start of the process to the first file, and PART times those of its files.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import wavefile from 'wavefile'
import { sayReported } from './build.js'

const [clean, out, sigmaText, part = '1'] = process.argv.slice(2)
const sigma = Number(sigmaText)
const names = readdirSync(clean)
  .sort()
  .filter((_, i) => i % Number(part) === 0)

/** A normally distributed number, by Box and Muller's formula. */
const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())

const started = performance.now()
for (const name of names) {
  const wav = new wavefile.WaveFile(readFileSync(path.join(clean, name)))
  const samples = wav.getSamples(false, Float32Array) as unknown as Float32Array
  for (let i = 0; i < samples.length; i++) samples[i] = Math.max(-1, Math.min(1, samples[i] + sigma * gaussian()))
  const { sampleRate } = wav.fmt as { sampleRate: number }
  const written = new wavefile.WaveFile()
  written.fromScratch(1, sampleRate, '32f', samples)
  writeFileSync(path.join(out, name), written.toBuffer())
}
// The clock began with the process.
sayReported({ value: (started + Number(part) * (performance.now() - started)) / 1000 })
