/**
 * Sums of squares that do not depend on how the work is cut, to the last bit. Within a block,
 * sample i goes to accumulator i mod 16, in float64. The accumulators are added in a fixed order,
 * and blocks in their order.
 */

export const ACCUMULATORS = 16

/** Returns the sum of one block from its accumulators, and zeroes them for the next block. */
export function foldBlock(lanes: Float64Array): number {
  for (let width = ACCUMULATORS / 2; width >= 1; width /= 2) {
    for (let i = 0; i < width; i++) lanes[i] += lanes[i + width]
  }
  const sum = lanes[0]
  lanes.fill(0)
  return sum
}
