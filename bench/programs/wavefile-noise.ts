/**
 * Adds noise to the files of a folder with the package wavefile and Math.random, one after the other,
 * as a program without noisemill might.
 *
 *     node wavefile-noise.js CLEAN OUT
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import wavefile from 'wavefile'

const [clean, out] = process.argv.slice(2)

/** A normally distributed number, by Box and Muller's formula. */
const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())

for (const name of readdirSync(clean)) {
  const wav = new wavefile.WaveFile(readFileSync(path.join(clean, name)))
  const samples = wav.getSamples(false, Float32Array) as unknown as Float32Array
  for (let i = 0; i < samples.length; i++) samples[i] = Math.max(-1, Math.min(1, samples[i] + 0.1 * gaussian()))
  const { sampleRate } = wav.fmt as { sampleRate: number }
  const written = new wavefile.WaveFile()
  written.fromScratch(1, sampleRate, '32f', samples)
  writeFileSync(path.join(out, name), written.toBuffer())
}
