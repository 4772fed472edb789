/** A kind with parameters and a carried state, in every kernel: known answers, and random access. */

import { describe, expect, test } from 'vitest'
import { type Kernels, tsKernels } from '../../../dist-lib/core/kernels.js'
import { openSource } from '../../../dist-lib/core/noise/noise.js'
import type { NoiseContext } from '../../../dist-lib/core/noise/source.js'
import { instructionSets, theAddon } from '../../support/backends.js'
import { sha256 } from '../../support/folders.js'
import { noiseFor } from '../../support/jobs.js'
import { wasm } from '../../support/kernels.js'
import known from '../../vectors/sway.json' with { type: 'json' }

const BLOCK_FRAMES = 8192

/** Values of one channel from a frame on, in calls of so many frames. */
type Fill = (context: NoiseContext, channel: number, frame: number, frames: number, step: number) => Float32Array

const filledBy =
  (kernels: Kernels): Fill =>
  (context, channel, frame, frames, step) => {
    kernels.reset()
    const noise = noiseFor({ kind: 'sway', parameters: context.parameters, key: context.key, level: 1 })
    const source = openSource(noise, context, kernels)
    const all = new Float32Array(frames)
    const room = kernels.floats(step)
    for (let at = 0; at < frames; at += step) {
      source.fill(channel, frame + at, room, step)
      all.set(room, at)
    }
    return all
  }

const filledByAddon =
  (name: string): Fill =>
  (context, channel, frame, frames) => {
    const addon = theAddon()
    if (!addon.useInstructionSet(name)) throw new Error(`no ${name}`)
    const all = new Float32Array(frames)
    addon.fillNoise('sway', context, channel, frame, all)
    return all
  }

const fills: readonly (readonly [name: string, fill: Fill])[] = [
  ['TypeScript', filledBy(tsKernels)],
  ...(wasm ? [['WebAssembly', filledBy(wasm)] as const] : []),
  ...instructionSets.map((name) => [name, filledByAddon(name)] as const),
]

const bitsOf = (values: Float32Array) =>
  Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), (bits) =>
    bits.toString(16).padStart(8, '0'),
  )

const contextOf = (vector: (typeof known.blocks)[number]): NoiseContext => ({
  key: { low: Number.parseInt(vector.low, 16), high: Number.parseInt(vector.high, 16) },
  parameters: Float64Array.of(vector.pole, vector.swing),
  channels: vector.channel + 1,
  sampleRate: vector.rate,
  frames: vector.frames,
})

describe.each(fills)('sway by %s', (_name, fill) => {
  test.each(known.blocks)('is what NumPy makes of block $block of channel $channel', (vector) => {
    const values = fill(contextOf(vector), vector.channel, vector.block * BLOCK_FRAMES, BLOCK_FRAMES, 4096)
    expect(bitsOf(values.subarray(0, 8))).toEqual(vector.first)
    expect(bitsOf(values.subarray(-8))).toEqual(vector.last)
    expect(sha256(new Uint8Array(values.buffer))).toBe(vector.sha256)
  })

  test('is the same from every noise block on, and in calls of any length', () => {
    const context = contextOf(known.blocks[1])
    const whole = fill(context, 0, 0, 3 * BLOCK_FRAMES, 4096)
    for (const frame of [0, 4096, 8192, 12288, 20480])
      for (const step of [32, 1024, 4096]) {
        const values = fill(context, 0, frame, 4096, step)
        expect(Buffer.from(values.buffer).equals(Buffer.from(whole.buffer, 4 * frame, 4 * 4096))).toBe(true)
      }
  })
})
