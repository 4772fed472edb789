import { describe, expect, test } from 'vitest'
import { draw, Purpose, STREAM_VERSION } from '../../dist-lib/core/noise/keys.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import known from '../vectors/keys.json' with { type: 'json' }

type Vector = (typeof known.vectors)[number]

function seedOf({ seed, type }: Vector): number | bigint | string {
  if (type === 'number') return Number(seed)
  return type === 'bigint' ? BigInt(seed) : seed
}

const bytesOf = ({ path }: Vector) => Buffer.from(path, 'hex')
const keyOf = (vector: Vector) => ({ low: Number.parseInt(vector.low, 16), high: Number.parseInt(vector.high, 16) })

describe('the key of a file', () => {
  test('belongs to the stream that the vectors pin', () => {
    expect(STREAM_VERSION).toBe(known.stream)
  })

  test.each(known.vectors)('is that of Python for seed $seed ($type), path $path, copy $copy', (vector) => {
    expect(fileKey(seedOf(vector), bytesOf(vector), vector.copy)).toEqual(keyOf(vector))
  })

  const texts = known.vectors.filter((vector) => !bytesOf(vector).includes(0xff))
  test.each(texts)('is the same for the path $path as text', (vector) => {
    expect(fileKey(seedOf(vector), bytesOf(vector).toString(), vector.copy)).toEqual(keyOf(vector))
  })

  test('takes the bytes of a path that is a view into larger memory, as paths that crossed a thread are', () => {
    const memory = Uint8Array.from(Buffer.from('xxa.wavyy'))
    expect(fileKey(0, memory.subarray(2, 7), 1)).toEqual(fileKey(0, 'a.wav', 1))
  })

  test('keeps seed, path and copy apart', () => {
    // Where one part ends and the next begins is all that differs within each row.
    const rows = [
      [fileKey('1', '2a', 1), fileKey('12', 'a', 1), fileKey('', '12a', 1)],
      [fileKey(0, 'a', 11), fileKey(0, 'a1', 1), fileKey(0, 'a11', 1)],
    ]
    for (const row of rows) expect(new Set(row.map((key) => `${key.low} ${key.high}`)).size).toBe(row.length)
  })
})

describe('the draw of a level', () => {
  test.each(known.vectors)('is that of Python for the key $low $high', (vector) => {
    expect(draw(keyOf(vector), Purpose.level, 0)).toBe(vector.uniform)
  })
})
