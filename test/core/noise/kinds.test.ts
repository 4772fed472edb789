/** Uniform and coloured noise in every kernel: known answers, random access, and ranges of parameters. */

import { describe, expect, test } from 'vitest'
import { colorFilter } from '../../../dist-lib/core/noise/color.js'
import { isGenerated, noiseKinds } from '../../../dist-lib/core/noise/kinds.js'
import { checkNoise, checkSampleRate } from '../../../dist-lib/core/noise/noise.js'
import { BLOCK_FRAMES, type NoiseContext } from '../../../dist-lib/core/noise/source.js'
import { sha256 } from '../../support/folders.js'
import { noiseFor } from '../../support/jobs.js'
import { bitsOf, fastest, fills } from '../../support/noise.js'
import known from '../../vectors/kinds.json' with { type: 'json' }

const CHANNELS = 1024

const contextOf = ({ low, high, parameters, rate }: (typeof known.vectors)[number]): NoiseContext => ({
  key: { low: Number.parseInt(low, 16), high: Number.parseInt(high, 16) },
  parameters: Float64Array.from(parameters),
  channels: CHANNELS,
  sampleRate: rate,
  frames: 2 ** 40,
})

const colors = noiseKinds.filter((kind) => !isGenerated(kind)).map(({ name }) => name)

test('there are known answers for every kind that has no file of its own', () => {
  const names = noiseKinds.map(({ name }) => name).filter((name) => name !== 'gaussian')
  expect([...new Set(known.vectors.map(({ kind }) => kind))].sort()).toEqual(names.sort())
})

describe.each(fills)('by %s', (name, fill) => {
  test.each(known.vectors)(
    '$kind $parameters at $rate Hz is what specification.py makes of it, from frame $frame on',
    (vector) => {
      const { kind, channel, frame, frames } = vector
      const values = fill(kind, contextOf(vector), channel, frame, frames)
      expect(bitsOf(values.subarray(0, 8))).toEqual(vector.first)
      expect(bitsOf(values.subarray(-8))).toEqual(vector.last)
      expect(sha256(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))).toBe(vector.sha256)
    },
  )

  test.each(['uniform', ...colors])('%s is the same from every noise block on, and in calls of any length', (kind) => {
    // Blocks of 16,384 frames.
    const parameters = kind === 'uniform' ? [] : kind === 'color' ? [-9, 1000] : [1000]
    const context = contextOf({ ...known.vectors[0], parameters, rate: 16_000 })
    const whole = fill(kind, context, 3, 0, 3 * 16_384)
    for (const block of [0, 1, 3, 4, 7, 11])
      for (const step of name === 'TypeScript' ? [4096] : [32, 1024, 4096]) {
        const frame = block * BLOCK_FRAMES
        const values = fill(kind, context, 3, frame, BLOCK_FRAMES, step)
        expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(whole.buffer, 4 * frame, 4 * 4096))).toBe(0)
      }
  })
})

test.each(['uniform', ...colors])('%s goes on beyond 2^32 blocks, and differs between channels and keys', (kind) => {
  const parameters = kind === 'uniform' ? [] : kind === 'color' ? [9, 2000] : [2000]
  const vector = { ...known.vectors[0], parameters, rate: 16_000 }
  const at = (block: number, channel: number, low: string) =>
    fastest(kind, contextOf({ ...vector, low }), channel, block * BLOCK_FRAMES, BLOCK_FRAMES)
  const all = [
    at(0, 0, '1'),
    at(1, 0, '1'),
    at(2 ** 20, 0, '1'),
    at(2 ** 32, 0, '1'),
    at(2 ** 32 + 1, 0, '1'),
    at(0, 1, '1'),
    at(0, 1023, '1'),
    at(0, 0, '2'),
  ]
  for (const [i, values] of all.entries())
    for (const others of all.slice(0, i)) {
      let sum = 0
      for (let frame = 0; frame < values.length; frame++) sum += values[frame] === others[frame] ? 1 : 0
      // Two float32 of uniform noise are equal once in 16 million times.
      expect(sum).toBeLessThan(2)
    }
})

describe('the range of `low`', () => {
  const noise = (low: number) => noiseFor({ kind: 'pink', parameters: Float64Array.of(low), level: 1 })

  test.each([
    [1, 0.001, 0.25, '0.001 to 0.25'],
    [8000, 0.16, 2000, '0.16 to 2000'],
    [44_101, 0.88202, 11_025.25, '0.88202 to 11025.25'],
    [48_000, 0.96, 12_000, '0.96 to 12000'],
    [2 ** 32 - 1, 85_899.3459, 1e6, '85899.3459 to 1000000'],
  ])('at %s Hz is told in the error', (rate, least, most, text) => {
    for (const low of [least, most]) {
      checkSampleRate(noise(low), rate)
      const { coefficients, warmUpFrames, blockFrames } = colorFilter(12, low, rate)
      expect(coefficients.every(Number.isFinite)).toBe(true)
      expect(blockFrames / warmUpFrames).toBeGreaterThanOrEqual(4)
    }
    for (const low of [least * 0.9999, most * 1.0001])
      expect(() => checkSampleRate(noise(low), rate)).toThrow(
        expect.objectContaining({ code: 'E_NOISE_LOW', detail: `the sample rate ${rate} allows ${text} Hz` }),
      )
  })

  test.each([Number.NaN, -1, 0, 1e9, Number.POSITIVE_INFINITY])('does not contain %s', (low) => {
    expect(() => checkNoise(noise(low))).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID' }))
  })
})
