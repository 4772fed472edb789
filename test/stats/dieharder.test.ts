import { describe, expect, test } from 'vitest'
import { isFull } from '../support/size.js'
import { type Assessment, hasDieharder, runDieharder } from './dieharder.js'
import { report } from './figures.js'
import { BLOCK_STEPS, wordsOf } from './words.js'

interface DieharderTest {
  readonly name: string
  /** -d is dieharder's number of it, -n a parameter. */
  readonly options: string
  /** In the short form too. */
  readonly quick?: boolean
  /** For the stream of whole blocks only: they take long, and what is wrong with first words shows in the others. */
  readonly long?: boolean
}

/**
 * Each with dieharder's usual 100 p-values. It measures Kolmogorov's distance of n of them from i / (n + 1) on one side only
 * (libdieharder/kstest.c), which with 20 calls words of the operating system WEAK once in ten times, for a p near 1.
 */
const TESTS: readonly DieharderTest[] = [
  { name: 'birthdays', options: '-d 0' },
  { name: 'count the 1s, stream', options: '-d 8', quick: true },
  { name: 'count the 1s, byte', options: '-d 9' },
  { name: 'runs', options: '-d 15' },
  { name: 'rank 32x32', options: '-d 2' },
  { name: 'opso', options: '-d 5' },
  { name: 'dna', options: '-d 7', long: true },
  { name: 'sts_serial', options: '-d 102' },
  { name: 'rgb_bitdist of 1', options: '-d 200 -n 1' },
  { name: 'rgb_bitdist of 2', options: '-d 200 -n 2' },
  { name: 'rgb_bitdist of 8', options: '-d 200 -n 8', long: true },
  { name: 'lagged sums of 0', options: '-d 203 -n 0' },
  { name: 'lagged sums of 1', options: '-d 203 -n 1', long: true },
  // Every 32nd word, so those of one lane; of a tenth of the usual count.
  { name: 'lagged sums of 31', options: '-d 203 -n 31 -t 100000', long: true },
]

/** So many steps from the beginning of one stream after another. */
const ARRANGEMENTS = [
  { title: 'all words of one channel', of: 'blocks', steps: BLOCK_STEPS },
  { title: 'the first words of the blocks of one channel', of: 'blocks', steps: 1 },
  { title: 'the first words of files of adjacent seeds', of: 'seeds', steps: 2 },
] as const

/** Where the next run begins: more streams than a test takes. */
const FRESH = 2 ** 28

describe.skipIf(!hasDieharder)('dieharder (needs it)', () => {
  describe.each(ARRANGEMENTS)('of $title', ({ title, of, steps }) => {
    const tests = TESTS.filter(({ quick, long }) => (isFull ? steps === BLOCK_STEPS || !long : quick))

    test.each(tests)('$name', async ({ name, options }) => {
      const assess = async (firstStream: number) => {
        const assessments = await runDieharder(options.split(' '), wordsOf(of, firstStream, steps))
        report(`${name}, ${title}`, summary(assessments), `p-values: ${assessments.length}`)
        expect(assessments.filter(({ verdict }) => verdict === 'FAILED')).toEqual([])
        return assessments.map(({ verdict }) => verdict === 'WEAK')
      }
      const weak = await assess(0)
      // A good generator is called weak once in a hundred times, and seldom at the same place again.
      const again = weak.includes(true) ? await assess(FRESH) : weak.map(() => false)
      expect(weak.map((isWeak, i) => isWeak && again[i])).not.toContain(true)
    })
  })
})

function summary(assessments: readonly Assessment[]): string {
  const weak = assessments
    .filter(({ verdict }) => verdict !== 'PASSED')
    .map(({ name, p, verdict }) => `${verdict}: ${name}, ${p}`)
  const ps = assessments.map(({ p }) => p)
  const range = [...new Set([Math.min(...ps), Math.max(...ps)])].join(' to ')
  return [range, ...weak].join('; ')
}
