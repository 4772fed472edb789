/** Coloured noise: its spectrum by SciPy, its power, and the borders of its blocks. */

import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { noiseKinds } from '../../dist-lib/core/noise/kinds.js'
import { BLOCK_FRAMES } from '../../dist-lib/core/noise/source.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { hasAddon, theAddon } from '../support/backends.js'
import { root, temporaryFolder } from '../support/folders.js'
import { hasModule, outputOf, python } from '../support/readers.js'
import { isFull } from '../support/size.js'
import { deviationsOf, expectBetween, N } from './figures.js'

const program = fileURLToPath(new URL('spectrum.py', import.meta.url))

/** A figure that is farthest from 0 among so many, in standard errors. */
interface Farthest {
  readonly count: number
  readonly farthest: number
}

interface Figures {
  readonly slope: number
  readonly slopeError: number
  /** Decibels off the line, and their standard errors. */
  readonly bands: readonly number[]
  readonly errors: readonly number[]
  readonly power: number
  readonly mean: number
  readonly channels: number
  readonly lines: Farthest
  readonly seams: Farthest
}

interface Case {
  readonly kind: string
  readonly rate: number
  readonly low: number
  readonly slope: number
}

const caseOf = (kind: string, rate: number, low = 20, slope = Number.NaN): Case => {
  const declared = noiseKinds.find(({ name }) => name === kind)!
  return { kind, rate, low, slope: ('slope' in declared ? declared.slope : undefined) ?? slope }
}

const named = ['pink', 'brown', 'blue', 'violet']
const cases: readonly Case[] = isFull
  ? [
      ...[8000, 16_000, 44_100, 48_000, 96_000].flatMap((rate) => named.map((kind) => caseOf(kind, rate))),
      ...[-12, -9, -4.5, -1.5, 1.5, 4.5, 9, 12].map((slope) => caseOf('color', 48_000, 20, slope)),
      caseOf('pink', 192_000, 50),
      caseOf('violet', 8000, 1000),
      caseOf('color', 8000, 100, -7),
    ]
  : [
      ...named.map((kind) => caseOf(kind, 8000)),
      caseOf('pink', 48_000),
      caseOf('color', 16_000, 50, -12),
      caseOf('color', 16_000, 50, 8),
    ]

/** Writes the noise of channels, one after the other, as float32. */
function writeNoise(file: string, { kind, rate, low, slope }: Case, channels: number, frames: number): void {
  const parameters = Float64Array.from(kind === 'color' ? [slope, low] : [low])
  const context = { key: fileKey(1, `${kind}.wav`, 1), parameters, channels, sampleRate: rate, frames }
  const out = openSync(file, 'w')
  // Parts begin anywhere in the blocks of coloured noise, as the parts of files do.
  const part = new Float32Array(Math.min(frames, 3001 * BLOCK_FRAMES))
  for (let channel = 0; channel < channels; channel++)
    for (let frame = 0; frame < frames; frame += part.length) {
      const own = part.subarray(0, Math.min(part.length, frames - frame))
      theAddon().fillNoise(kind, context, channel, frame, own)
      writeSync(out, new Uint8Array(own.buffer, 0, own.byteLength))
    }
  closeSync(out)
}

const canRun = hasAddon && hasModule('scipy')
describe.skipIf(!canRun)(
  `coloured noise, ${isFull ? 'a hundred' : 'four'} million values (needs the addon, SciPy)`,
  () => {
    test.each(cases)('$kind, $slope dB an octave from $low Hz on, at $rate Hz', (one) => {
      const file = path.join(temporaryFolder(), 'noise')
      const frames = Math.floor(N / BLOCK_FRAMES) * BLOCK_FRAMES
      writeNoise(file, one, 2, frames)
      const args = ['-B', program, path.join(root, 'test/core')]
      const made = outputOf(python, args, JSON.stringify({ file, frames, ...one })).toString()
      rmSync(file)
      const { slope, slopeError, bands, errors, power, mean, channels, lines, seams } = JSON.parse(made) as Figures

      const name = `${one.kind} ${one.slope.toFixed(2)} at ${one.rate} Hz`
      // The short form has too few values for the narrow bands.
      const most = isFull ? 0 : 5
      expectBetween(`${name}: slope`, slope - one.slope, -0.05 - most * slopeError, 0.05 + most * slopeError)
      const off = bands.map((decibels, band) => Math.max(0, Math.abs(decibels) - most * errors[band]))
      expectBetween(`${name}: bands off the line, dB`, Math.max(...off), -1, 0.25)
      expectBetween(`${name}: power in standard errors`, power, -5, 5)
      expectBetween(`${name}: mean in standard errors`, mean, -5, 5)
      expectBetween(`${name}: correlation of channels, in standard errors`, channels, -5, 5)
      for (const [what, { count, farthest }] of Object.entries({ lines, seams }))
        expectBetween(`${name}: ${what}, farthest of ${count}`, Math.abs(farthest), -1, deviationsOf(count))
      expect(seams.count).toBeGreaterThan(0)
    })
  },
)
