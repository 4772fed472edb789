/**
 * Sums of squares that come out the same to the last bit however the work is cut: 16 float64 accumulators by
 * sample index mod 16 within a block, folded in a fixed order, blocks added in their order.
 */

export const ACCUMULATORS = 16

/** The sum of one block, from its accumulators, which are zeroed for the next. */
export function foldBlock(lanes: Float64Array): number {
  for (let width = ACCUMULATORS / 2; width >= 1; width /= 2) {
    for (let i = 0; i < width; i++) lanes[i] += lanes[i + width]
  }
  const sum = lanes[0]
  lanes.fill(0)
  return sum
}
