/**
 * Each claim about speed in README and docs is a figure of the kept record, marked as
 * bench/report/places.ts says and written by `npm run tables`, or stands in the list below with a reason.
 */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { withoutFigures } from '../../bench/report/places.js'
import { root } from '../support/folders.js'
import { claimsIn, proseOf } from './claims.js'
import { documents } from './tables.js'

interface Other {
  readonly why: string
  /** Texts by document. */
  readonly texts: Readonly<Record<string, readonly string[]>>
}

/** Times and comparisons that are no figures of a benchmark. */
const OTHERS: readonly Other[] = [
  {
    why: 'constants of the code: time limits, intervals, defaults',
    texts: {
      'README.md': ['its  time, 5 seconds by default', 'makes chunks of about 20 ms'],
      'docs/architecture.md': [
        'the time, about 20 ms, for which threads',
        'waits 100 ms for more work',
        'if no further task begins for 5 ms, and after 50 ms at the latest',
        'After 10 ms the crew moves',
        'nothing was delivered in the last 2 ms',
        'Every 4 ms, the pool takes the jobs back',
        'no more of them than threads do in 20 ms',
        'every 10 ms if it is between jobs then',
        'did not begin all jobs of it within 3 s',
      ],
      'docs/queue.md': [
        'after a lease of 20 s',
        'takes them up to 10 s later',
        'later than 3 s after the first',
        'holds up a run by 3 s',
        'learn of it within 30 s',
        'says so after 10 s',
        'sends at most 2 x',
        'events, about 4 x',
        'files of a few seconds',
      ],
      'docs/security.md': [
        'valid for 10 minutes',
        'again within 10 minutes',
        'a run of the last 10 minutes',
        'at most 10 times',
      ],
      'docs/noise.md': ['for half a second or half of the file', 'up to 20 times'],
      'docs/pool.md': [
        'makes chunks of about 20 ms',
        'The pool looks every 4 ms',
        'about 50 ms plus up to a tenth of the time-out later',
        'collects results for up to 10 ms',
        'for at most 5 seconds',
        'turns of about 20 ms',
        'one item in progress for about 0.1 seconds',
        'less than about 0.3 seconds of work',
      ],
      'docs/reliability.md': [
        'a second or more after the first',
        'or for a fifth of a second',
        '5 seconds by default',
        'busy for longer than half a second',
      ],
    },
  },
  {
    why: 'lengths of sounds, and work of benchmarks',
    texts: {
      'README.md': ['the files last 30 seconds'],
      'docs/architecture.md': ['one event at a time, which lasts at most 10 s'],
      'docs/cli.md': ['The files last 30 seconds each. With  they last 240 seconds'],
      'docs/machines.md': [
        ...['240 s each', 'one file of 4 hours', 'files, 1 s each', 'files, 0.1 s each'],
        ...['files of a second or less', 'Short files have 0.5 s at 16 kHz', 'long ones 4 minutes at 44.1 kHz'],
      ],
      'docs/noise.md': ['10 s of a longer one, with fades of 10 ms', 'about half a second of speech'],
    },
  },
  {
    why: 'a plan on paper: measured by hand, under the conditions that the page states, or computed, as it says',
    texts: {
      'docs/scale.md': [
        '2.5 s of CPU | 7.1 hours |',
        '0.48 s of CPU | 1.3 hours, for each shard |',
        '1.5 s of CPU | 4.1 hours, for each shard |',
        '4.2 s of CPU | 12 hours |',
        'CPU time of Redis | 100,000 | 0.32 s | 0.9 hours |',
        'at most 2 x  chunks',
        'needs 42 µs of CPU for each short file',
        'costs the producer 1.3 ms of CPU',
        'those of some 300 ms go into one',
        'for those of 35 ms',
        'needs, computed, 28 hours',
        'below one prefix need 79 hours',
        'a network of 1 GB/s',
      ],
    },
  },
  {
    why: 'what a reader may do or expect, without a figure',
    texts: {
      'README.md': ['the demo takes a few seconds'],
      'docs/architecture.md': ['several files are written faster than several parts of one'],
      'docs/cli.md': ['the fastest of up to three tries'],
      'docs/pool.md': [
        'shows how a pool can make a program slower',
        'A pool can make a program slower.',
        'A name crosses faster than any content',
        'if the mean is a microsecond or less',
        'make that part faster',
        'make the function faster',
      ],
    },
  },
]

const read = (name: string) => readFileSync(path.join(root, name), 'utf8')

test.each(documents)('%s has no claim about speed that is not marked', (name) => {
  let prose = proseOf(withoutFigures(read(name)))
  for (const text of OTHERS.flatMap(({ texts }) => texts[name] ?? [])) {
    expect(prose, 'a text of the list is no longer in the document').toContain(text)
    prose = prose.replaceAll(text, '')
  }
  expect(claimsIn(prose)).toEqual([])
})

test('each text of the list is in a document that exists, and would be a claim', () => {
  const texts = OTHERS.flatMap(({ texts }) => Object.entries(texts))
  expect(texts.map(([name]) => name).filter((name) => !documents.includes(name))).toEqual([])
  expect(texts.flatMap(([, those]) => those).filter((text) => claimsIn(text).length === 0)).toEqual([])
})

describe('claims are found', () => {
  test.each([
    'It takes 0.46 s.',
    'about 30 µs for each',
    'two `cp` at 1.5 GB/s',
    'within 20 milliseconds',
    'It is faster than cp.',
    'three times as fast as Python',
    'twice as long',
    'a fraction of a millisecond',
    'a microsecond or less',
    'an 18.7x gain',
    'a 30-second file',
    '| name | 12 ms |',
  ])('%s', (text) => expect(claimsIn(proseOf(text))).not.toEqual([]))

  test.each([
    'a second implementation',
    '24 bits, 44.1 kHz and 16 channels',
    'rank 32x32',
    '    $ time noisemill # 3 s',
    '```js\nawait sleep(20) // 20 ms\n```',
    'pass `timeout: 5 s`',
    '<!-- table: benchmark talk -->\n| cp | 1 s |\n<!-- end of table -->',
  ])('not in: %s', (text) => expect(claimsIn(proseOf(text))).toEqual([]))

  test('not where they are marked', () => {
    const text = 'It takes <!-- figure: talk native median -->0.46 s<!-- /figure -->.'
    expect(claimsIn(proseOf(withoutFigures(text)))).toEqual([])
  })
})
