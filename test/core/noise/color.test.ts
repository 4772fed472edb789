/** The filter of coloured noise: its response, its power, and that it seems never to be restarted. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { colorFilter, OCTAVE } from '../../../dist-lib/core/noise/color.js'
import { temporaryFolder } from '../../support/folders.js'
import { fastest } from '../../support/noise.js'
import { hasModule, outputOf, python } from '../../support/readers.js'

const RATES = [8000, 16_000, 44_100, 48_000, 96_000, 192_000]
const SLOPES = [-12, -9, -6.03, -2 * OCTAVE, -4.5, -OCTAVE, -1, 0, 1, OCTAVE, 4.5, 2 * OCTAVE, 6.03, 9, 12]

type Filter = ReturnType<typeof colorFilter>

/** Poles, inputs and gain. */
function parts({ coefficients }: Filter) {
  const lanes = (coefficients.length - 1) / 2
  return {
    poles: coefficients.subarray(0, lanes),
    inputs: coefficients.subarray(lanes, 2 * lanes),
    gain: coefficients[2 * lanes],
  }
}

/** The density at a frequency in cycles a frame, in decibels: |g + the sum of c / (z - p)|^2 of each stage. */
function decibelsAt(filter: Filter, frequency: number): number {
  const { poles, inputs, gain } = parts(filter)
  const [cos, sin] = [Math.cos(2 * Math.PI * frequency), Math.sin(2 * Math.PI * frequency)]
  let [real, imaginary] = [gain, 0]
  for (const [k, pole] of poles.entries()) {
    const square = (cos - pole) ** 2 + sin ** 2
    real += (inputs[k] * (cos - pole)) / square
    imaginary -= (inputs[k] * sin) / square
  }
  return filter.stages * 10 * Math.log10(real ** 2 + imaginary ** 2)
}

/** Decibels that the density is off the line at each frequency from `low` to 0.45 of the rate. */
function deviations(slope: number, low: number, rate: number): number[] {
  const filter = colorFilter(slope, low, rate)
  const octaves = Math.log2((0.45 * rate) / low)
  const off = Array.from({ length: 1000 }, (_, i) => {
    const octave = (octaves * i) / 999
    return decibelsAt(filter, (low / rate) * 2 ** octave) - slope * octave
  })
  const mean = off.reduce((sum, decibels) => sum + decibels, 0) / off.length
  return off.map((decibels) => decibels - mean)
}

/** What the filter makes of values, in float64. */
function filtered(filter: Filter, values: Float64Array): Float64Array {
  const { poles, inputs, gain } = parts(filter)
  let out = values
  for (let stage = 0; stage < filter.stages; stage++) {
    const state = new Float64Array(poles.length)
    out = out.map((w) => {
      const y = gain * w + state.reduce((sum, s) => sum + s, 0)
      for (let k = 0; k < state.length; k++) state[k] = poles[k] * state[k] + inputs[k] * w
      return y
    })
  }
  return out
}

describe.each(SLOPES)('a slope of %s dB an octave', (slope) => {
  test('has a density within a tenth of a decibel of the line, at every rate', () => {
    const rates = [...RATES.map((rate) => [20, rate]), [1, 200_000], [20, 4_000_000], [10, 100]]
    for (const [low, rate] of rates) {
      const off = deviations(slope, low, rate)
      expect(Math.max(...off.map(Math.abs)), `${low} Hz of ${rate}`).toBeLessThan(0.12)
    }
  })

  test('has the power 1, and none at 0 Hz', () => {
    for (const [low, rate] of [
      [20, 8000],
      [100, 8000],
      [2000, 8000],
    ]) {
      const filter = colorFilter(slope, low, rate)
      const impulse = new Float64Array(2 * filter.warmUpFrames)
      impulse[0] = 1
      const response = filtered(filter, impulse)
      expect(response.reduce((sum, h) => sum + h * h, 0)).toBeCloseTo(1, 9)
      expect(response.reduce((sum, h) => sum + h, 0)).toBeCloseTo(0, 6)
    }
  })
})

/** SciPy's filter over Gaussian noise, without a restart; prints how far the coloured noise is off it. */
const CONTINUOUS = `
import json, sys
import numpy as np
from scipy import signal
sys.path.insert(0, sys.argv[1])
from specification import Color
job = json.load(sys.stdin)
color = Color(job["slope"], job["low"], job["rate"])
values = np.fromfile(job["white"], np.float32).astype(np.float64)
for _ in range(color.stages):
    values = color.gain * values
    for p, z in color.sections:
        values = signal.lfilter([1, -z], [1, -p], values)
colored = np.fromfile(job["colored"], np.float32)
print(np.abs(values[-len(colored):] - colored).max())
`

describe.skipIf(!hasModule('scipy'))('coloured noise is Gaussian noise through a filter of SciPy (needs SciPy)', () => {
  test.each([
    ['pink', -OCTAVE, 20, 8000],
    ['brown', -2 * OCTAVE, 20, 48_000],
    ['blue', OCTAVE, 40, 44_100],
    ['violet', 2 * OCTAVE, 20, 8000],
    ['color', -12, 20, 48_000],
    ['color', -7, 1000, 8000],
    ['color', 12, 30, 16_000],
  ] as const)('that is never restarted: %s, %d dB an octave from %d Hz on, at %d Hz', (kind, slope, low, rate) => {
    const { blockFrames } = colorFilter(slope, low, rate)
    const frames = 3 * blockFrames
    const lead = 2 * blockFrames
    const contextOf = (parameters: number[]) => ({
      key: { low: 5, high: 6 },
      parameters: Float64Array.from(parameters),
      ...{ channels: 2, sampleRate: rate, frames },
    })
    const folder = temporaryFolder()
    const [white, colored] = ['white', 'colored'].map((name) => path.join(folder, name))
    writeFileSync(white, fastest('gaussian', contextOf([]), 1, -lead, lead + frames))
    writeFileSync(colored, fastest(kind, contextOf(kind === 'color' ? [slope, low] : [low]), 1, 0, frames))
    const input = JSON.stringify({ white, colored, slope, low, rate })
    const args = ['-B', '-c', CONTINUOUS, path.join(import.meta.dirname, '..')]
    expect(Number(outputOf(python, args, input).toString())).toBeLessThan(1e-5)
  })
})
