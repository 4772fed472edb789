/** Streams that differ in one input of the noise, and the noise of many streams. */

import type { NoiseKey } from '../../dist-lib/core/noise/keys.js'
import { BLOCK_FRAMES } from '../../dist-lib/core/noise/source.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { theAddon } from '../support/backends.js'

/** One block of one channel of one file. */
export interface Stream {
  readonly key: NoiseKey
  readonly channel: number
  readonly block: number
}

/** The most that a file can have. */
const CHANNELS = 1024

const of = (key: NoiseKey, channel = 0, block = 0): Stream => ({ key, channel, block })

const ofBlocks = fileKey('blocks', 'a.wav', 1)
const ofFarBlocks = fileKey('far blocks', 'a.wav', 1)
const ofChannels = fileKey('channels', 'a.wav', 1)

/** For each thing the stream of number i, a neighbour of the one before. Seeds keep the lists apart from each other. */
export const neighbours = {
  blocks: (i: number) => of(ofBlocks, 0, i),
  channels: (i: number) => of(ofChannels, i % CHANNELS, Math.floor(i / CHANNELS)),
  seeds: (i: number) => of(fileKey(i, 'a.wav', 1)),
  copies: (i: number) => of(fileKey('copies', 'a.wav', i + 1)),
  files: (i: number) => of(fileKey('files', `${i}.wav`, 1)),
  'low words of a key': (i: number) => of({ low: i, high: 1 }),
  'high words of a key': (i: number) => of({ low: 0x80000000, high: i }),
  'high words of a block number': (i: number) => of(ofFarBlocks, 0, i * 2 ** 32),
}

export type Neighbours = keyof typeof neighbours

export const neighbourNames = Object.keys(neighbours) as Neighbours[]

/** White noise depends on nothing else of its signal. */
const contextOf = (key: NoiseKey) => ({
  key,
  parameters: new Float64Array(0),
  channels: CHANNELS,
  sampleRate: 0,
  frames: 0,
})

/** `frames` values of noise of a channel, from a block on. */
export function noiseOf({ key, channel, block }: Stream, frames: number, kind = 'gaussian'): Float32Array {
  const whole = new Float32Array(Math.ceil(frames / BLOCK_FRAMES) * BLOCK_FRAMES)
  theAddon().fillNoise(kind, contextOf(key), channel, block * BLOCK_FRAMES, whole)
  return whole.subarray(0, frames)
}

/** A block of each neighbour, one after another: those that are d apart are d blocks apart. */
export function noiseOfNeighbours(name: Neighbours, count: number): Float32Array {
  const addon = theAddon()
  const row = new Float32Array(count * BLOCK_FRAMES)
  for (let i = 0; i < count; i++) {
    const { key, channel, block } = neighbours[name](i)
    const out = row.subarray(i * BLOCK_FRAMES, (i + 1) * BLOCK_FRAMES)
    addon.fillNoise('gaussian', contextOf(key), channel, block * BLOCK_FRAMES, out)
  }
  return row
}
