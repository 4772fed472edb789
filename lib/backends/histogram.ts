/**
 * A histogram of times, of which quantiles can be read that are at most 3.2 % from the exact ones.
 * Its buckets have the same relative width everywhere, so it need not know the times beforehand.
 */

/** Bits of a time's mantissa that choose its bucket: 16 buckets each time that times double. */
const MANTISSA_BITS = 4
/** Times from 2^-14 to 2^27 milliseconds (61 ns to 37 hours) have buckets of their own. */
const LEAST_EXPONENT = -14
const MOST_EXPONENT = 27

const BIAS = 1023
/** A double's upper 16 bits, without the sign, are its exponent and the first bits of its mantissa. */
const FIRST = (BIAS + LEAST_EXPONENT) << MANTISSA_BITS
const BUCKETS = (MOST_EXPONENT - LEAST_EXPONENT) << MANTISSA_BITS

const number = new Float64Array(1)
const halves = new Uint32Array(number.buffer)
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const UPPER = isLittleEndian ? 1 : 0

function bucketOf(milliseconds: number): number {
  number[0] = milliseconds
  const bucket = (halves[UPPER] >>> (20 - MANTISSA_BITS)) - FIRST
  return bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1
}

/** Returns the middle of a bucket. */
function timeOf(bucket: number): number {
  const steps = 1 << MANTISSA_BITS
  const mantissa = 1 + ((bucket & (steps - 1)) + 0.5) / steps
  return mantissa * 2 ** ((bucket >> MANTISSA_BITS) + LEAST_EXPONENT)
}

/** A histogram as plain data, which is short if its times are similar. */
export interface HistogramData {
  /** Bucket and count of each bucket that is not empty, one after the other. */
  readonly counts: readonly number[]
  /** Sum of all times, in milliseconds. */
  readonly total: number
  /** The shortest time; Infinity if there is none. */
  readonly min: number
  /** The longest time; 0 if there is none. */
  readonly max: number
}

export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0
  #min = Infinity
  #max = 0

  /** How many times were added. */
  get count(): number {
    let count = 0
    for (let bucket = this.#from; bucket <= this.#to; bucket++) count += this.#counts[bucket]
    return count
  }

  /** Sum of all times. */
  get total(): number {
    return this.#total
  }

  /** The longest time; 0 if there is none. */
  get max(): number {
    return this.#max
  }

  /** All buckets that are not empty are from this one to `#to`. */
  get #from(): number {
    return bucketOf(this.#min)
  }

  get #to(): number {
    return bucketOf(this.#max)
  }

  /** @param milliseconds 0 or more */
  add(milliseconds: number): void {
    this.#counts[bucketOf(milliseconds)]++
    this.#total += milliseconds
    if (milliseconds < this.#min) this.#min = milliseconds
    if (milliseconds > this.#max) this.#max = milliseconds
  }

  /** Adds the times of another histogram. */
  addAll({ counts, total, min, max }: HistogramData): void {
    for (let i = 0; i < counts.length; i += 2) this.#counts[counts[i]] += counts[i + 1]
    this.#total += total
    this.#min = Math.min(this.#min, min)
    this.#max = Math.max(this.#max, max)
  }

  /** Returns the histogram as plain data, and empties it. */
  take(): HistogramData {
    const counts: number[] = []
    const to = this.#to
    for (let bucket = this.#from; bucket <= to; bucket++) {
      if (this.#counts[bucket] > 0) counts.push(bucket, this.#counts[bucket])
      this.#counts[bucket] = 0
    }
    const data = { counts, total: this.#total, min: this.#min, max: this.#max }
    this.#total = 0
    this.#min = Infinity
    this.#max = 0
    return data
  }

  /** Returns the mean of the natural logarithms of the times, and their variance; 0 if there are no times. */
  logarithms(): { mean: number; variance: number } {
    const { count } = this
    let [sum, squares] = [0, 0]
    for (let bucket = this.#from; bucket <= this.#to; bucket++) {
      const logarithm = Math.log(timeOf(bucket))
      sum += this.#counts[bucket] * logarithm
      squares += this.#counts[bucket] * logarithm ** 2
    }
    const mean = sum / Math.max(1, count)
    return { mean, variance: Math.max(0, squares / Math.max(1, count) - mean ** 2) }
  }

  /**
   * Returns the quantile `q`, from 0 to 1: the shortest time that at least this part of all times do
   * not exceed. Undefined if there are no times.
   */
  quantile(q: number): number | undefined {
    const { count } = this
    if (count === 0) return undefined
    const rank = Math.max(1, Math.ceil(q * count))
    const to = this.#to
    let below = 0
    let bucket = this.#from
    for (; bucket < to; bucket++) {
      below += this.#counts[bucket]
      if (below >= rank) break
    }
    return Math.min(timeOf(bucket), this.#max)
  }
}
