/** The rule by which joblib 1.6 makes batches, on noisemill's pool. */

import { JOBS } from '../programs.js'
import { type MapItems, noisemill } from './contenders.js'

/** A batch should take at least so many milliseconds. */
const LEAST = 200
/** A batch that takes more milliseconds is too large. */
const MOST = 2000

/**
 * Batches double until one takes 0.2 s, and shrink if one takes 2 s. Two batches a thread are on
 * their way. The last items are divided into ten batches a thread.
 */
export function joblibRule(): MapItems {
  const mapBatches = noisemill('spinBatch', { chunkSize: 1 })
  return async (items) => {
    const sizes = new BatchSizes()
    const ready: (readonly unknown[])[] = []
    let next = 0
    const take = () => {
      const size = sizes.next()
      if (ready.length === 0) {
        const slice = items.slice(next, next + size * JOBS)
        next += slice.length
        const batches = slice.length < size * JOBS ? 10 * JOBS : JOBS
        const length = Math.max(1, Math.floor(slice.length / batches))
        for (let i = 0; i < slice.length; i += length) ready.push(slice.slice(i, i + length))
      }
      return ready.shift()
    }
    const dispatch = async () => {
      for (let batch = take(); batch; batch = take()) {
        const started = performance.now()
        await mapBatches([batch])
        sizes.learn(batch.length, performance.now() - started)
      }
    }
    await Promise.all(Array.from({ length: 2 * JOBS }, dispatch))
    return []
  }
}

class BatchSizes {
  #size = 1
  /** Smoothed time of batches of this size; 0 if none has ended. */
  #milliseconds = 0

  next(): number {
    const ideal = 2 * Math.floor((this.#size * LEAST) / this.#milliseconds)
    if (this.#milliseconds > 0 && this.#milliseconds < LEAST) this.#change(Math.min(2 * this.#size, ideal))
    else if (this.#milliseconds > MOST && this.#size > 1) this.#change(ideal)
    return this.#size
  }

  #change(size: number): void {
    if (Math.max(1, size) === this.#size) return
    this.#size = Math.max(1, size)
    this.#milliseconds = 0
  }

  learn(size: number, milliseconds: number): void {
    if (size !== this.#size) return
    this.#milliseconds = this.#milliseconds === 0 ? milliseconds : 0.8 * this.#milliseconds + 0.2 * milliseconds
  }
}
