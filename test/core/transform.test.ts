import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openWalk, type PassSettings, pieceFrames } from '../../dist-lib/core/transform.js'
import type { WavHeader } from '../../dist-lib/core/wav/header.js'
import { type SampleFormat, sampleFormats } from '../../dist-lib/core/wav/samples.js'
import { amplitudeOf } from '../../dist-lib/plan/levels.js'
import { temporaryFolder } from '../support/folders.js'
import { describeHalves, jobFor, noiseFor, writingPass } from '../support/jobs.js'
import { wav } from '../support/wav.js'

const named = (name: string): SampleFormat => sampleFormats.find((format) => format.name === name)!

describe.each(['pcm16', 'pcm24', 'float32', 'float64'].map(named))('a file of $name cut into runs', (format) => {
  // 3: slices of a block. 5: of half a block. 300: of 32 frames, the fewest; four of them and a frame more.
  test.each([
    [3, 8193],
    [5, 8193],
    [300, 129],
  ])('comes out the same: %i channels, %i frames', (channels, frames) => {
    const blockAlign = channels * format.bytes
    const header: WavHeader = {
      format,
      channels,
      sampleRate: 16000,
      blockAlign,
      frames,
      dataOffset: 44,
      dataBytes: frames * blockAlign,
      bigEndian: false,
      validBits: format.bits,
      container: 'RIFF',
      sizesLie: false,
      warnings: [],
      coded: undefined,
    }
    const sigma = 0.3
    const noise = noiseFor({ key: { low: 3, high: 4 }, level: sigma })
    const writing = writingPass(sigma)
    const measuring: PassSettings = { ...writing, pass: 'measure' }
    const source = sourceOf(format, frames * channels)
    const slice = pieceFrames(channels)

    const whole = source.slice()
    const transform = openWalk(header, 0, noise, writing)
    transform.run(whole)
    const meter = openWalk(header, 0, noise, measuring)
    meter.run(source)
    const [noisy, measured] = [transform.takeTally(), meter.takeTally()]
    expect(noisy.signal).toEqual(measured.signal)

    // Runs end where slices do: at each, at every third, and at two and one by turns.
    for (const pattern of [[1], [3], [2, 1]]) {
      const cut = source.slice()
      const parts = openWalk(header, 0, noise, writing)
      const partMeter = openWalk(header, 0, noise, measuring)
      for (let start = 0, turn = 0; start < frames; turn++) {
        const end = Math.min(start + pattern[turn % pattern.length] * slice, frames)
        parts.run(cut.subarray(start * blockAlign, end * blockAlign))
        partMeter.run(source.subarray(start * blockAlign, end * blockAlign))
        start = end
      }
      expect(Buffer.from(cut).equals(whole)).toBe(true)
      expect(parts.takeTally()).toEqual(noisy)
      expect(partMeter.takeTally()).toEqual(measured)
    }
  })
})

function sourceOf(format: SampleFormat, count: number): Uint8Array {
  // Numbers of no pattern in [-1, 1).
  const values = Array.from({ length: count }, (_, i) => Math.imul(i + 5, 0x9e3779b1) / 2 ** 31)
  if (format.name === 'float32') return new Uint8Array(Float32Array.from(values).buffer)
  if (format.name === 'float64') return new Uint8Array(Float64Array.from(values).buffer)
  const bytes = Buffer.alloc(count * format.bytes)
  values.forEach((value, i) => {
    bytes.writeIntLE(Math.floor(value * 2 ** (format.bits - 1)), i * format.bytes, format.bytes)
  })
  // Memory of its own: a small Buffer may start anywhere in a shared one.
  return new Uint8Array(bytes)
}

describeHalves('noise that float32 cannot hold', (run) => {
  test('is refused, where it would make NaN and infinities of finite samples', async () => {
    // The power is finite as a float64, and so is sigma, 1e43; as a float32 it is not, and infinity times 0 is NaN.
    const data = new Uint8Array(new Float32Array(4096).fill(1e38).buffer)
    const folder = temporaryFolder()
    writeFileSync(path.join(folder, 'a.wav'), wav({ tag: 3, bits: 32, data }))
    for (const clip of [true, false]) {
      const [outcome] = await run([jobFor(folder, 'a', `${clip}`, { levelKind: 'snr', level: amplitudeOf(100), clip })])
      expect(outcome).toMatchObject({ failure: { code: 'E_SIGNAL_POWER' } })
    }
  })
})
