/** Which shard a file belongs to: by known answers, by Python, and for any number of shards. */

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { checkShard, shardOf } from '../../dist-lib/files/shard.js'

const names = ['a.wav', 'sub/a.wav', 'sub/ü.wav', '19/198/19-198-0000.wav', 'line\nend.wav']
/** By Python's hashlib: of 7, of 8 and of 1000 shards. */
const KNOWN = [
  [2, 6, 6, 7, 5],
  [1, 3, 4, 4, 6],
  [825, 979, 836, 276, 886],
]

const bytes = (name: string | Uint8Array) => Buffer.from(name as string)
const odd = Buffer.from([0xe4, 0x2f, 0xff, 0xfe, 0x2e, 0x77, 0x61, 0x76])

const program = `
import hashlib, sys
for line in sys.stdin:
    name, count = line.split()
    word = int.from_bytes(hashlib.sha256(bytes.fromhex(name)).digest()[:4], 'big')
    print(word % int(count) + 1)
`

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('the shard of a file', () => {
  test('is the one that docs/machines.md says', () => {
    expect([7, 8, 1000].map((count) => names.map((name) => shardOf(name, count)))).toEqual(KNOWN)
  })

  test.skipIf(!hasPython)('is the one that Python computes, also for names of any bytes (needs Python)', () => {
    const counts = [1, 2, 3, 10, 999, 1_000_000]
    const cases = [...names, odd].flatMap((name) => counts.map((count) => ({ name, count })))
    const input = cases.map(({ name, count }) => `${bytes(name).toString('hex')} ${count}\n`).join('')
    const { stdout } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' })
    expect(cases.map(({ name, count }) => shardOf(name, count))).toEqual(stdout.trim().split('\n').map(Number))
  })

  test('has about as many files as any other', () => {
    const counts = new Array<number>(16).fill(0)
    for (let i = 0; i < 16_000; i++) counts[shardOf(`${i % 100}/${i}.wav`, 16) - 1]++
    // Six standard deviations of a binomial distribution.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(1000))
  })
})

describe('a shard', () => {
  test.each([
    ['1/1', { number: 1, count: 1 }],
    ['3/8', { number: 3, count: 8 }],
    ['1000000/1000000', { number: 1_000_000, count: 1_000_000 }],
  ])('may be %s', (text, shard) => expect(checkShard(text)).toEqual(shard))

  test.each([
    '0/8',
    '9/8',
    '3',
    '3/',
    '/8',
    '3/8/1',
    '03/8',
    '3/08',
    '-1/8',
    '1.5/8',
    ' 3/8',
    '3/8\n',
    'auto',
    '',
    '1/1000001',
    '1/1e3',
    3,
    null,
    ['3/8'],
  ])('may not be %j', (value) => {
    expect(() => checkShard(value)).toThrow(
      expect.objectContaining({ code: 'E_OPTION_INVALID', option: 'shard', expected: expect.stringContaining('3/8') }),
    )
  })
})
