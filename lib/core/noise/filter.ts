/** The inner loop of coloured noise: a bank of sections of the first order, side by side. */

const fround = Math.fround

/** Lanes are a multiple of this number, so that they fill vectors. */
export const LANE_GROUP = 4

/** Frames that one group of lanes works on before the next does. Its numbers stay in registers meanwhile. */
const FRAMES_AT_ONCE = 1024

/** For each of these frames, the four sums over the groups. */
const sums = new Float64Array(FRAMES_AT_ONCE * LANE_GROUP)

/**
 * Filters values in place, and advances the state. docs/numerics.md specifies the operations and
 * their order.
 *
 * @param state one number for each lane; zeros at first
 * @param coefficients see ColorFilter
 */
export function filter(state: Float64Array, coefficients: Float64Array, values: Float32Array, frames: number): void {
  const gain = coefficients[2 * state.length]
  for (let done = 0; done < frames; done += FRAMES_AT_ONCE) {
    const count = Math.min(FRAMES_AT_ONCE, frames - done)
    const part = values.subarray(done, done + count)
    // -0 changes no number that is added to it, not even the sign of 0.
    sums.fill(-0)
    for (let lane = 0; lane < state.length; lane += LANE_GROUP) runGroup(state, coefficients, lane, part)
    for (let i = 0, at = 0; i < count; i++, at += LANE_GROUP)
      part[i] = fround(gain * part[i] + (sums[at] + sums[at + 2] + (sums[at + 1] + sums[at + 3])))
  }
}

/** Adds the states of four lanes to the sums of each frame, and advances them. */
function runGroup(state: Float64Array, coefficients: Float64Array, lane: number, values: Float32Array): void {
  const input = state.length + lane
  const [p0, p1, p2, p3] = coefficients.subarray(lane, lane + LANE_GROUP)
  const [c0, c1, c2, c3] = coefficients.subarray(input, input + LANE_GROUP)
  let [s0, s1, s2, s3] = state.subarray(lane, lane + LANE_GROUP)
  for (let i = 0, at = 0; i < values.length; i++, at += LANE_GROUP) {
    const w = values[i]
    sums[at] += s0
    sums[at + 1] += s1
    sums[at + 2] += s2
    sums[at + 3] += s3
    s0 = p0 * s0 + c0 * w
    s1 = p1 * s1 + c1 * w
    s2 = p2 * s2 + c2 * w
    s3 = p3 * s3 + c3 * w
  }
  state.set([s0, s1, s2, s3], lane)
}
