/**
 * Adds noise to IMA ADPCM files of a folder with the package `wavefile`, one after the other, as a
 * program without noisemill might. It decodes to 16 bits, adds Gaussian noise, and clips.
 *
 *     node wavefile-adpcm.js CLEAN OUT SIGMA
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import wavefile from 'wavefile'

const [clean, out, sigma] = process.argv.slice(2)
/** Of 16-bit samples. */
const level = 32768 * Number(sigma)

const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())

for (const name of readdirSync(clean)) {
  const wav = new wavefile.WaveFile(readFileSync(path.join(clean, name)))
  wav.fromIMAADPCM()
  const samples = wav.getSamples(false, Int16Array) as unknown as Int16Array
  const { sampleRate } = wav.fmt as { sampleRate: number }
  const noisy = samples.map((sample) => Math.max(-32768, Math.min(32767, Math.round(sample + level * gaussian()))))
  const written = new wavefile.WaveFile()
  written.fromScratch(1, sampleRate, '16', noisy)
  writeFileSync(path.join(out, name), written.toBuffer())
}
