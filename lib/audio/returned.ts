/** Checks what a function of a user returned. */

import { types } from 'node:util'
import { Failure } from '../core/failure.js'
import { MAX_CHANNELS } from '../core/wav/format.js'
import { MAX_U32 } from '../core/wav/header.js'
import { describe } from '../errors.js'
import type { Audio } from './audio.js'

/** Samples and their rate, of a file or of a block. */
export interface Signal {
  readonly channels: readonly Float32Array[]
  readonly sampleRate: number
}

const unusable = (received: string) => new Failure('E_TRANSFORM_RESULT', received)

/**
 * Returns the samples that a call gave: those that it returned, or those of its argument. Throws
 * Failure E_TRANSFORM_RESULT.
 */
export function signalOf(returned: unknown, audio: Audio): Signal {
  if (returned === undefined) return checked(audio.channels, audio.sampleRate)
  if (Array.isArray(returned)) return checked(returned, audio.sampleRate)
  if (typeof returned !== 'object' || returned === null || !('channels' in returned))
    throw unusable(`the function returned ${describe(returned)}`)
  const { channels, sampleRate = audio.sampleRate } = returned as { channels: unknown; sampleRate?: unknown }
  return checked(channels, sampleRate)
}

function checked(channels: unknown, sampleRate: unknown): Signal {
  if (!Array.isArray(channels)) throw unusable(`channels is ${describe(channels)}`)
  if (channels.length === 0 || channels.length > MAX_CHANNELS) throw unusable(`${channels.length} channels`)
  for (let i = 0; i < channels.length; i++) {
    if (!types.isFloat32Array(channels[i])) throw unusable(`channels[${i}] is ${describe(channels[i])}`)
    if (channels[i].length !== channels[0].length)
      throw unusable(`channels[0] has ${channels[0].length} frames, and channels[${i}] has ${channels[i].length}`)
  }
  if (!Number.isInteger(sampleRate) || (sampleRate as number) < 1 || (sampleRate as number) > MAX_U32)
    throw unusable(`the sample rate ${describe(sampleRate)}`)
  return { channels: channels as Float32Array[], sampleRate: sampleRate as number }
}

/** Throws Failure E_TRANSFORM_RESULT if a block has other channels or another rate than those before it. */
export function checkLike({ channels, sampleRate }: Signal, first: Signal): void {
  if (channels.length !== first.channels.length)
    throw unusable(`${channels.length} channels after blocks of ${first.channels.length}`)
  if (sampleRate !== first.sampleRate)
    throw unusable(`the sample rate ${sampleRate} after blocks of ${first.sampleRate}`)
}
