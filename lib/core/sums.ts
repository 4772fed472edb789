/**
 * Sums of squares that come out the same to the last bit however the work is cut: 16 float64 accumulators by
 * sample index mod 16 within a block, folded in a fixed order, blocks added in their order.
 */

export const ACCUMULATORS = 16

/** Sum of squares over a file, fed in runs of whole multiples of ACCUMULATORS samples until a block ends. */
export class BlockSum {
  total = 0

  /** @param lanes where the loops over samples add: sample i of a run goes to `lanes[i % ACCUMULATORS]` */
  constructor(readonly lanes: Float64Array = new Float64Array(ACCUMULATORS)) {}

  endBlock(): void {
    const lanes = this.lanes
    for (let width = ACCUMULATORS / 2; width >= 1; width /= 2) {
      for (let i = 0; i < width; i++) lanes[i] += lanes[i + width]
    }
    this.total += lanes[0]
    lanes.fill(0)
  }
}
