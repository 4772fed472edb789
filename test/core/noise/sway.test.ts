/** A kind with parameters and a carried state, in every kernel: known answers, and random access. */

import { describe, expect, test } from 'vitest'
import type { NoiseContext } from '../../../dist-lib/core/noise/source.js'
import { sha256 } from '../../support/folders.js'
import { bitsOf, fills } from '../../support/noise.js'
import known from '../../vectors/sway.json' with { type: 'json' }

const BLOCK_FRAMES = 8192

const contextOf = (vector: (typeof known.blocks)[number]): NoiseContext => ({
  key: { low: Number.parseInt(vector.low, 16), high: Number.parseInt(vector.high, 16) },
  parameters: Float64Array.of(vector.pole, vector.swing),
  channels: vector.channel + 1,
  sampleRate: vector.rate,
  frames: vector.frames,
})

describe.each(fills)('sway by %s', (_name, fill) => {
  test.each(known.blocks)('is what NumPy makes of block $block of channel $channel', (vector) => {
    const values = fill('sway', contextOf(vector), vector.channel, vector.block * BLOCK_FRAMES, BLOCK_FRAMES, 4096)
    expect(bitsOf(values.subarray(0, 8))).toEqual(vector.first)
    expect(bitsOf(values.subarray(-8))).toEqual(vector.last)
    expect(sha256(new Uint8Array(values.buffer))).toBe(vector.sha256)
  })

  test('is the same from every noise block on, and in calls of any length', () => {
    const context = contextOf(known.blocks[1])
    const whole = fill('sway', context, 0, 0, 3 * BLOCK_FRAMES, 4096)
    for (const frame of [0, 4096, 8192, 12288, 20480])
      for (const step of [32, 1024, 4096]) {
        const values = fill('sway', context, 0, frame, 4096, step)
        expect(Buffer.from(values.buffer).equals(Buffer.from(whole.buffer, 4 * frame, 4 * 4096))).toBe(true)
      }
  })
})
