/** All codes of A-law and mu-law, by the tables of ITU-T G.711 (1988), which give a value as a product of a segment's step and a number. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeDecoders } from '../../support/decoders.js'
import { temporaryFolder } from '../../support/folders.js'
import { wav } from '../../support/wav.js'

/** Table 1: 13 bits and a half step, of 4096 in all; even bits of a code are inverted, and a set first bit is positive. */
function alaw(code: number): number {
  const bits = (code ^ 0b01010101).toString(2).padStart(8, '0')
  const [sign, segment, step] = [bits[0], bits.slice(1, 4), bits.slice(4)].map((part) => Number.parseInt(part, 2))
  const value = segment === 0 ? step + 0.5 : (16 + step + 0.5) * 2 ** (segment - 1)
  return (sign === 1 ? value : -value) * (32768 / 2048)
}

/** Table 2: 14 bits, of 8192 in all; all bits of a code are inverted, and a set first bit, then, is negative. */
function mulaw(code: number): number {
  const bits = (255 - code).toString(2).padStart(8, '0')
  const [sign, segment, step] = [bits[0], bits.slice(1, 4), bits.slice(4)].map((part) => Number.parseInt(part, 2))
  const value = (2 * step + 33) * 2 ** segment - 33
  return (sign === 1 ? -value : value) * (32768 / 8192)
}

describeDecoders('the 256 codes', (decode) => {
  test.each([
    ['A-law', 6, alaw, 32256],
    ['mu-law', 7, mulaw, 32124],
  ] as const)('of %s', (_, tag, sampleOf, largest) => {
    const data = Uint8Array.from({ length: 256 }, (_, code) => code)
    const file = path.join(temporaryFolder(), 'codes.wav')
    writeFileSync(file, wav({ tag, bits: 8, data }))
    // No sample is negative zero.
    const expected = Array.from(data, (code) => sampleOf(code) + 0)
    expect(Math.max(...expected)).toBe(largest)
    expect(Array.from(decode(file) as Int16Array)).toEqual(expected)
  })
})
