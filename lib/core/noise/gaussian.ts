/**
 * Gaussian noise with mean 0 and variance 1, by the transform of Box and Muller (Ann. Math. Stat.
 * 29, 1958) on pairs of 32-bit words. docs/numerics.md specifies every operation and their order.
 * So even an "equivalent" rewrite changes the stream.
 */

import type { GeneratedKind } from './kind.js'
import { BLOCK_FRAMES } from './source.js'
import { LANE_STATE_WORDS, LANES, seedLanes } from './xoshiro.js'

/**
 * Frames that one step of all lanes yields. Each lane yields one by the cosine and one by the sine.
 */
export const FRAMES_PER_STEP = 2 * LANES

const fround = Math.fround

// -2 ln(m) = f (A0 + A1 f + ... + A8 f^8), f = m - 1, sqrt(1/2) <= m < sqrt(2); relative error 3.5e-8.
const A0 = fround(-2)
const A1 = fround(0.9999998211860657)
const A2 = fround(-0.6666790246963501)
const A3 = fround(0.5000351071357727)
const A4 = fround(-0.39924144744873047)
const A5 = fround(0.33141013979911804)
const A6 = fround(-0.29835948348045349)
const A7 = fround(0.28615054488182068)
const A8 = fround(-0.17469692230224609)
const MINUS_TWO_LN_2 = fround(-1.3862943649291992)

// sin(pi/2 w) = w (S0 + S1 z + ... + S4 z^4), z = w^2, |w| <= 1; error 4.2e-8.
const S0 = fround(1.5707963705062866)
const S1 = fround(-0.64596372842788696)
const S2 = fround(0.079689681529998779)
const S3 = fround(-0.0046737669035792351)
const S4 = fround(0.0001514852192485705)

// cos(pi/2 w) = 1 + C1 z + ... + C4 z^4; error 7.7e-8.
const C1 = fround(-1.233698844909668)
const C2 = fround(0.25365319848060608)
const C3 = fround(-0.020813966169953346)
const C4 = fround(0.00085969001520425081)

const TWO_TO_MINUS_31 = fround(2 ** -31)
const SQRT_HALF_BITS = 0x3f3504f3

const floatCell = new Float32Array(1)
const bitsCell = new Int32Array(floatCell.buffer)

function fill(state: Uint32Array, _parameters: Float64Array, out: Float32Array, frames: number): void {
  const steps = Math.ceil(frames / FRAMES_PER_STEP)
  for (let lane = 0; lane < LANES; lane++) {
    let s0 = state[lane] | 0
    let s1 = state[LANES + lane] | 0
    let s2 = state[2 * LANES + lane] | 0
    let s3 = state[3 * LANES + lane] | 0
    for (let step = 0, at = lane; step < steps; step++, at += FRAMES_PER_STEP) {
      // Two steps of xoshiro128++, as in nextWord(), but with the state in local variables.
      let sum = (s0 + s3) | 0
      const radiusWord = (((sum << 7) | (sum >>> 25)) + s0) | 0
      let shifted = s1 << 9
      s2 ^= s0
      s3 ^= s1
      s1 ^= s2
      s0 ^= s3
      s2 ^= shifted
      s3 = (s3 << 11) | (s3 >>> 21)
      sum = (s0 + s3) | 0
      const angleWord = (((sum << 7) | (sum >>> 25)) + s0) | 0
      shifted = s1 << 9
      s2 ^= s0
      s3 ^= s1
      s1 ^= s2
      s0 ^= s3
      s2 ^= shifted
      s3 = (s3 << 11) | (s3 >>> 21)

      // -2 ln u with u = (k + 0.5) 2^-31, k the upper 31 bits: u in (0, 1].
      floatCell[0] = fround(fround(radiusWord >>> 1) + 0.5)
      const bits = bitsCell[0]
      const exponentBits = (bits - SQRT_HALF_BITS) & 0xff800000
      bitsCell[0] = bits - exponentBits
      const f = fround(floatCell[0] - 1)
      const f2 = fround(f * f)
      const f4 = fround(f2 * f2)
      const upper = fround(
        fround(fround(fround(A8 * f2) + fround(fround(A7 * f) + A6)) * f2) + fround(fround(A5 * f) + A4),
      )
      const lower = fround(fround(fround(fround(A3 * f) + A2) * f2) + fround(fround(A1 * f) + A0))
      const p = fround(fround(upper * f4) + lower)
      const exponent = fround((exponentBits >> 23) - 31)
      const radius = fround(Math.sqrt(fround(fround(exponent * MINUS_TWO_LN_2) + fround(p * f))))

      // The top bit of the second word turns the angle by half a circle. The lower 31 bits are an
      // angle from -pi/2 to pi/2.
      const signed = angleWord < 0 ? -radius : radius
      const w = fround(fround(angleWord << 1) * TWO_TO_MINUS_31)
      const z = fround(w * w)
      let sine = fround(fround(S4 * z) + S3)
      sine = fround(fround(sine * z) + S2)
      sine = fround(fround(sine * z) + S1)
      sine = fround(fround(sine * z) + S0)
      sine = fround(sine * w)
      let cosine = fround(fround(C4 * z) + C3)
      cosine = fround(fround(cosine * z) + C2)
      cosine = fround(fround(cosine * z) + C1)
      cosine = fround(fround(cosine * z) + 1)
      out[at] = fround(signed * cosine)
      out[at + LANES] = fround(signed * sine)
    }
    state[lane] = s0
    state[LANES + lane] = s1
    state[2 * LANES + lane] = s2
    state[3 * LANES + lane] = s3
  }
}

export const gaussian: GeneratedKind = {
  name: 'gaussian',
  summary: 'white Gaussian noise (normal distribution), independent in every sample and channel',
  parameters: [],
  isNominal: true,
  needsSampleRate: false,
  blockFrames: BLOCK_FRAMES,
  stateWords: LANE_STATE_WORDS,
  seed: (state, { key }, channel, block) => seedLanes(state, key.low, key.high, channel, block),
  fill,
}
