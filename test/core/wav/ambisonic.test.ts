/** Ambisonic B-format: EXTENSIBLE with GUIDs of its own, samples like all others. */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { noiseTask } from '../../../dist/index.js'
import { describeBackends } from '../../support/backends.js'
import { temporaryFolder } from '../../support/folders.js'
import { testPool } from '../../support/pools.js'
import { hasSox } from '../../support/readers.js'
import { formats, sine, wav } from '../../support/wav.js'

/** The GUID of B-format in the place of the usual one: its tag stays. */
const TAIL = Buffer.from('00002107d3118644c8c1ca000000', 'hex')
const GUID_AT = 12 + 8 + 24

function ambisonic(format: (typeof formats)[number], tag: number = format.tag): Buffer {
  const file = wav({ ...format, channels: 4, extensible: true, data: sine(format, 5000, 4) })
  file.writeUInt16LE(tag, GUID_AT)
  TAIL.copy(file, GUID_AT + 2)
  return file
}

describeBackends('Ambisonic B-format', (backend) => {
  async function add(bytes: Uint8Array) {
    const folder = temporaryFolder()
    const input = path.join(folder, 'a.amb.wav')
    writeFileSync(input, bytes)
    const [result] = await testPool({ backend }).map(noiseTask({ out: `${folder}/out`, sigma: 0.05 }), [input])
    return { input, result }
  }

  test.each(formats)('$name: the samples are those of a plain file', async (format) => {
    const { result } = await add(ambisonic(format))
    expect(result).toMatchObject({ status: 'done', format: format.name, channels: 4, frames: 5000, warnings: [] })
    const plain = await add(wav({ ...format, channels: 4, extensible: true, data: sine(format, 5000, 4) }))
    const [noisy, expected] = [result, plain.result].map(({ output }) => readFileSync(output).subarray(68))
    expect(noisy.equals(expected)).toBe(true)
  })

  test('other tags in it are refused', async () => {
    const { result } = await add(ambisonic(formats[1], 7))
    expect(result.error).toMatchObject({ code: 'E_WAV_UNSUPPORTED', received: expect.stringContaining('sub-format') })
  })
})

test.skipIf(!hasSox())('SoX reads the same samples of it (needs SoX)', () => {
  const file = path.join(temporaryFolder(), 'a.wav')
  writeFileSync(file, ambisonic(formats[1]))
  const { stdout } = spawnSync('sox', ['-V0', '-t', 'wav', file, '-t', 'raw', '-'])
  expect(stdout.equals(sine(formats[1], 5000, 4))).toBe(true)
})
