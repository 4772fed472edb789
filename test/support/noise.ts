/** Noise alone, by every kernel. */

import { type Kernels, tsKernels } from '../../dist-lib/core/kernels.js'
import { openGenerated } from '../../dist-lib/core/noise/noise.js'
import { BLOCK_FRAMES, type NoiseContext } from '../../dist-lib/core/noise/source.js'
import { instructionSets, theAddon } from './backends.js'
import { wasm } from './kernels.js'

/** Returns values of one channel from a frame on, generated in calls of `step` frames. */
export type Fill = (
  kind: string,
  context: NoiseContext,
  channel: number,
  frame: number,
  frames: number,
  step?: number,
) => Float32Array

const filledBy =
  (kernels: Kernels): Fill =>
  (kind, context, channel, frame, frames, step = BLOCK_FRAMES) => {
    kernels.reset()
    const source = openGenerated({ kind, parameters: context.parameters, key: context.key }, context, kernels)
    const all = new Float32Array(frames)
    const room = kernels.floats(step)
    for (let at = 0; at < frames; at += step) {
      source.fill(channel, frame + at, room, step)
      all.set(room.subarray(0, Math.min(step, frames - at)), at)
    }
    return all
  }

/** The addon generates whole blocks. */
const filledByAddon =
  (name: string): Fill =>
  (kind, context, channel, frame, frames) => {
    const addon = theAddon()
    if (!addon.useInstructionSet(name)) throw new Error(`no ${name}`)
    const all = new Float32Array(Math.ceil(frames / BLOCK_FRAMES) * BLOCK_FRAMES)
    addon.fillNoise(kind, context, channel, frame, all)
    return all.subarray(0, frames)
  }

/** Noise by every kernel that there is. */
export const fills: readonly (readonly [name: string, fill: Fill])[] = [
  ['TypeScript', filledBy(tsKernels)],
  ...(wasm ? [['WebAssembly', filledBy(wasm)] as const] : []),
  ...instructionSets.map((name) => [name, filledByAddon(name)] as const),
]

/** The fastest of them. */
export const fastest: Fill =
  fills[Math.min(instructionSets.length > 0 ? fills.length - instructionSets.length : 1, fills.length - 1)][1]

/** The bits of values, as hexadecimal words. */
export const bitsOf = (values: Float32Array): string[] =>
  Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), (bits) =>
    bits.toString(16).padStart(8, '0'),
  )
