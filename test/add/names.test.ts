/**
 * Files with any name that a system allows, on Linux also names that are not UTF-8: they are walked, read, written and
 * shown readably.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addNoiseToFiles, type FileResult, noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { collect } from '../support/sources.js'
import { linuxTest } from '../support/systems.js'
import { formats, pcm16, sine, wav } from '../support/wav.js'

const bytes = (...parts: (string | Uint8Array | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

const names: Record<string, Buffer> = {
  spaces: bytes(' with spaces and "quotes" .wav'),
  newline: bytes('line\nbreak.wav'),
  'what the one before is shown as': bytes('line\\x0abreak.wav'),
  unicode: bytes('ünïcödé 音 🎧.wav'),
  'not UTF-8': bytes('no UTF-8 ', [0xff, 0xfe, 0x80], '.wav'),
  'what that is shown as': bytes('no UTF-8 \\xff\\xfe\\x80.wav'),
  'a dash': bytes('-rf.wav'),
  '255 bytes, the most that common file systems take': bytes('x'.repeat(251), '.wav'),
  // The name of the temporary file is cut from these: two of the three would be cut within a character.
  '253 bytes of long characters': bytes('音'.repeat(83), '.wav'),
  '254 bytes of long characters': bytes('x', '音'.repeat(83), '.wav'),
  '255 bytes of long characters': bytes('xx', '音'.repeat(83), '.wav'),
  '255 bytes that are not UTF-8': bytes(Array(251).fill(0xe9), '.wav'),
}
const folderName = bytes([0xe4, 0x62], ' \n')
const hex = (list: Buffer[]) => list.map((name) => name.toString('hex')).sort()

describeBackends('names', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  /** A folder `in` with a folder, not of UTF-8 either, that has a file of each name. */
  function place(): { root: string; inputs: Buffer[] } {
    const root = temporaryFolder()
    const inner = bytes(root, '/in/', folderName)
    mkdirSync(`${root}/in`)
    mkdirSync(inner)
    const inputs = Object.values(names).map((name) => bytes(inner, '/', name))
    for (const input of inputs) writeFileSync(input, pcm16(5000))
    return { root, inputs }
  }

  const walked = (root: string): Promise<FileResult[]> =>
    collect(addNoiseToFiles(`${root}/in`, { out: `${root}/out`, sigma: 0.1, pool }))

  test('names that every system takes are walked, and mirrored in the output folder', async () => {
    const root = temporaryFolder()
    const portable = [names.unicode, names['a dash'], names['253 bytes of long characters']].map(String)
    const all = [...portable, "it's, with 100% spaces & [more].wav", `${'x'.repeat(251)}.wav`].map(
      (name) => `ä b/${name}`,
    )
    mkdirSync(`${root}/in/ä b`, { recursive: true })
    for (const name of all) writeFileSync(`${root}/in/${name}`, pcm16(5000))
    const results = await walked(root)
    expect(results.map(({ error }) => error)).toEqual(all.map(() => undefined))
    expect(results.map(({ key }) => key).sort()).toEqual([...all].sort())
    expect(filesBelow(`${root}/out`)).toEqual([...all].sort())
  })

  linuxTest('any name is walked, and mirrored in the output folder (needs Linux)', async () => {
    const { root } = place()
    const results = await walked(root)
    expect(results.map(({ error }) => error?.code)).toEqual(Object.keys(names).map(() => undefined))
    const written = readdirSync(bytes(root, '/out/', folderName), { encoding: 'buffer' })
    expect(hex(written)).toEqual(hex(Object.values(names)))
  })

  linuxTest('each result leads back to its files, and every one can be shown on a line (needs Linux)', async () => {
    const { root, inputs } = place()
    const results = await walked(root)
    const back = (shown: string, base64: string | undefined) =>
      base64 === undefined ? bytes(shown) : Buffer.from(base64, 'base64')
    expect(hex(results.map(({ input, inputBase64 }) => back(input, inputBase64)))).toEqual(hex(inputs))
    for (const { output, outputBase64 } of results) expect(readFileSync(back(output, outputBase64)).length).toBe(10_044)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    for (const { input, key } of results) expect(input + key).not.toMatch(/[\x00-\x1f\x7f\ufffd]/)
  })

  linuxTest('paths given as bytes mean the same as those that are walked (needs Linux)', async () => {
    const { root, inputs } = place()
    await walked(root)
    const task = noiseTask({ root: `${root}/in`, out: `${root}/given`, sigma: 0.1 })
    const results = await pool.map(task, inputs)
    expect(results.map(({ error }) => error?.code)).toEqual(inputs.map(() => undefined))
    for (const name of Object.values(names)) {
      const [given, walk] = ['given', 'out'].map((out) => readFileSync(bytes(root, `/${out}/`, folderName, '/', name)))
      expect(given.equals(walk)).toBe(true)
    }
  })

  linuxTest('names that are shown alike have noise of their own, by their bytes (needs Linux)', async () => {
    const { root } = place()
    await walked(root)
    const contents = Object.values(names).map((name) =>
      readFileSync(bytes(root, '/out/', folderName, '/', name)).toString('base64'),
    )
    expect(new Set(contents).size).toBe(contents.length)
  })

  linuxTest('a name that copies make too long fails before anything is written (needs Linux)', async () => {
    const root = temporaryFolder()
    const input = `${root}/${'x'.repeat(251)}.wav`
    writeFileSync(input, wav({ data: sine(formats[1], 100) }))
    const results = await pool.map(noiseTask({ out: `${root}/out`, sigma: 0.1, copies: 2 }), [input])
    expect(results).toHaveLength(2)
    for (const { error } of results) expect(error).toMatchObject({ code: 'E_OUTPUT_CREATE', errno: 'ENAMETOOLONG' })
    for (const { error } of results)
      expect(error?.message).toContain('255 bytes in a name, including the number that `copies` adds')
    expect(existsSync(`${root}/out`)).toBe(false)
    // The name alone is as long as one may be.
    const [single] = await pool.map(noiseTask({ out: `${root}/out`, sigma: 0.1 }), [input])
    expect([single.status, readdirSync(`${root}/out`)]).toEqual(['done', [`${'x'.repeat(251)}.wav`]])
  })
})
