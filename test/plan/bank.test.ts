/** The index of noise files: which files it has, what it says of them, and when it is made again. */

import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openBank } from '../../dist-lib/core/noise/bank.js'
import { indexBank } from '../../dist-lib/plan/bank.js'
import type { IndexedBank } from '../../dist-lib/plan/bank-index.js'
import { checkSources, type SourceOptions } from '../../dist-lib/plan/bank-sources.js'
import { Pool } from '../../dist-lib/pool/pool.js'
import type { RunTask } from '../../dist-lib/task.js'
import { describeBackends } from '../support/backends.js'
import { indexBytes } from '../support/banks.js'
import { temporaryFolder } from '../support/folders.js'
import { linuxTest, posixTest } from '../support/systems.js'
import { wav } from '../support/wav.js'

/** A noise file, by its path below a folder. */
interface Made {
  readonly frames?: number
  readonly sampleRate?: number
  readonly channels?: number
}

const noiseBytes = ({ frames = 100, sampleRate = 16_000, channels = 1 }: Made = {}) =>
  wav({ sampleRate, channels, data: new Uint8Array(2 * frames * channels) })

/** Makes a folder with noise files. */
function noise(files: Readonly<Record<string, Made>>): string {
  const folder = temporaryFolder()
  for (const [name, made] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), noiseBytes(made))
  }
  return folder
}

let cache: string
const { NOISEMILL_CACHE: before } = process.env
beforeEach(() => {
  cache = temporaryFolder()
  process.env.NOISEMILL_CACHE = cache
})
afterAll(() => {
  process.env.NOISEMILL_CACHE = before
})

let pool: Pool
beforeAll(() => {
  pool = new Pool({ backend: 'inline' })
})
afterAll(() => pool.close())

/** Indexes noise files. `read` gets the names of those whose headers are read. */
const indexed = (sources: string | readonly string[], options?: SourceOptions, read: string[] = [], on = pool) =>
  on.accept((imap): Promise<IndexedBank> => {
    const run: RunTask = (task, items) => {
      const all = [...(items as Iterable<never>)]
      read.push(...all.map(({ name }) => name))
      return imap(task, all)
    }
    return indexBank(checkSources('from', sources), run, options)
  })

/** Returns the names in an index, in its order. */
function namesIn({ index }: IndexedBank): string[] {
  const bank = openBank(index)
  return Array.from({ length: bank.count }, (_, i) => Buffer.from(bank.name(i)).toString('latin1'))
}

const namesOf = async (sources: string | readonly string[], options?: SourceOptions) =>
  namesIn(await indexed(sources, options))

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest()

describeBackends('the index of noise files', (backend) => {
  test('has each file with what its header says, and the hash of all', async () => {
    const files = {
      'b.wav': { frames: 7 },
      'a/z.WAV': { sampleRate: 44_100, channels: 2 },
      'a/b/c.wav': { frames: 1 },
      'a.wav': { channels: 3 },
      'a/a.wav': {},
    }
    const folder = noise(files)
    writeFileSync(path.join(folder, 'notes.txt'), 'no noise')
    await using threads = new Pool({ backend, size: 2 })
    const bank = await indexed(folder, {}, [], threads)
    // '.' comes before '/'.
    const order = ['a.wav', 'a/a.wav', 'a/b/c.wav', 'a/z.WAV', 'b.wav'] as const
    const folders = [0, 1, 2, 1, 0]
    const expected = order.map((name, i) => {
      const file = path.join(folder, name)
      const { size, mtimeNs } = statSync(file, { bigint: true })
      const { frames = 100, sampleRate = 16_000, channels = 1 }: Made = files[name]
      const modified = Number(mtimeNs / 1000n)
      return { path: file, name, folder: folders[i], size: Number(size), modified, frames, sampleRate, channels }
    })
    const lines = expected.map(
      (file) => `${file.name}\0${file.size} ${file.frames} ${file.channels} ${file.sampleRate}\n`,
    )
    const hash = sha256(`noisemill bank 1\n${lines.join('')}`)
    const bytes = indexBytes(expected, hash)
    expect(readFileSync(bank.index)).toEqual(bytes)
    expect(bank).toMatchObject({ hash: hash.toString('hex'), count: 5, leftOut: [] })
    expect(path.basename(bank.index)).toBe(`${sha256(bytes).toString('hex')}.bank`)
  })
})

describe('names of noise files', () => {
  test('in several folders begin with the name of the folder', async () => {
    const folder = noise({ 'rain/a.wav': {}, 'rain/b/c.wav': {}, 'wind/a.wav': {}, 'x.wav': {} })
    const [rain, wind, file] = ['rain', 'wind/', 'x.wav'].map((name) => `${folder}/${name}`)
    expect(await namesOf([wind, rain])).toEqual(['rain/a.wav', 'rain/b/c.wav', 'wind/a.wav'])
    expect(await namesOf([wind, file])).toEqual(['a.wav', 'x.wav'])
    expect(await namesOf([`${rain}/*.wav`, wind])).toEqual(['rain/a.wav', 'wind/a.wav'])
  })

  test('of a list are its lines, in the form of text and of Kaldi', async () => {
    const folder = noise({ 'rain/a.wav': {}, 'rain/b.wav': {} })
    const [a, b] = ['a', 'b'].map((name) => path.join(folder, 'rain', `${name}.wav`))
    const text = path.join(folder, 'list.txt')
    const kaldi = path.join(folder, 'wav.scp')
    writeFileSync(text, `${b}\n${a}\n`)
    writeFileSync(kaldi, `one ${a}\ntwo ${path.relative('.', b)}\n`)
    const slashed = (name: string) => name.replaceAll(path.sep, '/')
    expect(await namesOf(text)).toEqual([slashed(a), slashed(b)])
    const bank = await indexed(kaldi)
    expect(namesIn(bank)).toEqual([slashed(path.relative('.', b)), slashed(a)])
    expect(openBank(bank.index).path(0)).toBe(path.toNamespacedPath(b))
  })

  test('are sorted by their bytes, in whatever order they are found', async () => {
    // U+FF5A is before U+1F600 in UTF-8, and behind it in UTF-16.
    const names = ['a.wav', 'z.wav', 'é.wav', '\uff5a.wav', '\u{1f600}.wav']
    const sorted = names.map((name) => Buffer.from(name).toString('latin1'))
    const folder = noise(Object.fromEntries(names.toReversed().map((name) => [name, {}])))
    expect(await namesOf(folder)).toEqual(sorted)
    const files = names.map((name) => path.join(folder, name))
    expect(await namesOf(files)).toEqual(sorted)
    expect(await namesOf(files.toReversed())).toEqual(sorted)
  })

  linuxTest('may have any bytes', async () => {
    const folder = noise({ 'a.wav': {} })
    const name = Buffer.from('n\xff.wav', 'latin1')
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), noiseBytes({ frames: 5 }))
    const bank = openBank((await indexed(folder)).index)
    expect(bank.name(1)).toEqual(name)
    expect(Buffer.from(bank.path(1))).toEqual(Buffer.concat([Buffer.from(`${folder}/`), name]))
    expect(bank.frames(1)).toBe(5)
  })

  test('differ from each other', async () => {
    const folder = noise({ 'one/rain/a.wav': {}, 'two/rain/a.wav': {} })
    const [one, two] = ['one', 'two'].map((name) => path.join(folder, name, 'rain'))
    const first = path.join(one, 'a.wav')
    const second = path.join(two, 'a.wav')
    const failed = async (sources: string[]) => {
      const error = await indexed(sources).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'E_NOISE_BANK' })
      return String(error)
    }
    for (const sources of [
      [one, two],
      [first, second],
    ]) {
      const message = await failed(sources)
      expect(message).toContain(first)
      expect(message).toContain(second)
    }
    expect(await failed([first, first])).toContain('twice')
  })
})

posixTest('links are followed, unless they lead in a circle (needs symbolic links)', async () => {
  const folder = noise({ 'in/a.wav': {}, 'out/b.wav': {} })
  symlinkSync('../out', path.join(folder, 'in', 'link'))
  symlinkSync('.', path.join(folder, 'in', 'circle'))
  const loops: string[] = []
  const inside = path.join(folder, 'in')
  expect(await namesOf(inside, { onLoop: (loop) => loops.push(loop) })).toEqual(['a.wav', 'link/b.wav'])
  expect(loops).toEqual([path.join(inside, 'circle')])
  expect(await namesOf(inside, { follow: false })).toEqual(['a.wav'])
})

describe('the hash of a bank', () => {
  test('is that of a copy elsewhere, with other times', async () => {
    const folder = noise({ 'a.wav': {}, 'b/c.wav': { frames: 3 } })
    const copy = temporaryFolder()
    cpSync(folder, copy, { recursive: true })
    utimesSync(path.join(copy, 'a.wav'), 1, 1)
    const [one, other] = [await indexed(folder), await indexed(copy)]
    expect(other.hash).toBe(one.hash)
    expect(other.index).not.toBe(one.index)
  })

  test.each([
    ['its name', 'b.wav', {}],
    ['its frames', 'a.wav', { frames: 99 }],
    ['its channels', 'a.wav', { frames: 50, channels: 2 }],
    ['its sample rate', 'a.wav', { sampleRate: 8000 }],
  ] as const)('is another one if a file differs in %s', async (_, name, made) => {
    const { hash } = await indexed(noise({ 'a.wav': {}, 'z.wav': {} }))
    expect((await indexed(noise({ [name]: made, 'z.wav': {} }))).hash).not.toBe(hash)
  })
})

describe('files that were indexed before', () => {
  const read = async (folder: string) => {
    const names: string[] = []
    const bank = await indexed(folder, {}, names)
    return { bank, names }
  }

  test('are read again only if they have changed', async () => {
    const folder = noise({ 'a.wav': {}, 'b.wav': {}, 'c.wav': {} })
    const first = await read(folder)
    expect(first.names).toEqual(['a.wav', 'b.wav', 'c.wav'])
    const second = await read(folder)
    expect(second.names).toEqual([])
    expect(second.bank).toEqual(first.bank)

    const b = path.join(folder, 'b.wav')
    const { atime, mtimeMs } = statSync(b)
    utimesSync(b, atime, new Date(mtimeMs + 1))
    writeFileSync(path.join(folder, 'c.wav'), noiseBytes({ frames: 12 }))
    writeFileSync(path.join(folder, 'd.wav'), noiseBytes())
    const third = await read(folder)
    expect(third.names).toEqual(['b.wav', 'c.wav', 'd.wav'])
    const bank = openBank(third.bank.index)
    expect([0, 1, 2, 3].map((i) => bank.frames(i))).toEqual([100, 100, 12, 100])
    expect((await read(folder)).names).toEqual([])
  })

  test('are read again if the cache is damaged or was emptied', async () => {
    const folder = noise({ 'a.wav': {}, 'b.wav': {} })
    const { bank } = await read(folder)
    const [sources] = readdirSync(cache).filter((name) => name.endsWith('.sources'))
    writeFileSync(path.join(cache, sources), '../../elsewhere')
    expect((await read(folder)).names).toEqual(['a.wav', 'b.wav'])
    process.env.NOISEMILL_CACHE = temporaryFolder()
    const again = await read(folder)
    expect(again.names).toEqual(['a.wav', 'b.wav'])
    expect(readFileSync(again.bank.index)).toEqual(readFileSync(bank.index))
    // An index of another length than its name stands for is written again.
    writeFileSync(bank.index, 'damaged')
    process.env.NOISEMILL_CACHE = cache
    expect((await read(folder)).bank.index).toBe(bank.index)
    expect(readFileSync(again.bank.index)).toEqual(readFileSync(bank.index))
  })
})

describe('files that cannot be used', () => {
  const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`${i}.wav`, {}]))

  test('are left out, and reported with their code', async () => {
    const folder = noise({ ...eleven, ...Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`x${i}.wav`, {}])) })
    writeFileSync(path.join(folder, 'bad.wav'), 'a text that is no header')
    writeFileSync(path.join(folder, 'empty.wav'), noiseBytes({ frames: 0 }))
    const bank = await indexed(folder)
    expect(bank.count).toBe(22)
    const left = bank.leftOut.map(({ path, error }) => [path, error.code, error.path])
    const [bad, empty] = ['bad.wav', 'empty.wav'].map((name) => path.join(folder, name))
    expect(left).toEqual([
      [bad, 'E_WAV_NOT_RIFF', bad],
      [empty, 'E_NOISE_EMPTY', empty],
    ])
    // They are no part of the bank, so the same files without them have its hash.
    const without = temporaryFolder()
    cpSync(folder, without, { recursive: true, filter: (file) => file !== bad && file !== empty })
    expect((await indexed(without)).hash).toBe(bank.hash)
  })

  test('are as many as a tenth at most', async () => {
    const folder = noise(eleven)
    writeFileSync(path.join(folder, 'bad.wav'), '')
    expect(await indexed(folder)).toMatchObject({ count: 11, leftOut: [{}] })
    writeFileSync(path.join(folder, 'worse.wav'), '')
    await expect(indexed(folder)).rejects.toMatchObject({
      code: 'E_NOISE_BANK',
      received: '2 of 13 cannot be used',
      cause: { code: 'E_WAV_TRUNCATED', path: path.join(folder, 'bad.wav') },
    })
  })

  test('lines of a list that are no paths are left out', async () => {
    const folder = noise(eleven)
    const list = path.join(folder, 'wav.scp')
    const lines = Object.keys(eleven).map((name) => `${name} ${path.join(folder, name)}`)
    writeFileSync(list, [...lines, 'sox sox a.wav |', ''].join('\n'))
    const { count, leftOut } = await indexed(list)
    expect(count).toBe(11)
    expect(leftOut).toMatchObject([{ path: `${list}:12`, error: { code: 'E_LIST_COMMAND' } }])
  })

  test.each([
    ['a folder without noise', '', /there are none/],
    ['a folder with other audio', 'other', /flac/],
    ['a glob without a match', 'other/*.wav', /there are none/],
    ['a list without a line', 'empty.txt', /there are none/],
    ['a missing file', 'a.wav', /1 of 1 cannot be used.*a\.wav: no such file/],
  ])('%s is no bank', async (_, name, message) => {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, 'other'))
    writeFileSync(path.join(folder, 'other', 'a.flac'), '')
    writeFileSync(path.join(folder, 'empty.txt'), '')
    const source = name === '' ? temporaryFolder() : `${folder}/${name}`
    const error = await indexed(source).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'E_NOISE_BANK' })
    expect(String(error)).toMatch(message)
  })

  test('a missing list is no list', async () => {
    await expect(indexed(path.join(temporaryFolder(), 'a.txt'))).rejects.toMatchObject({ code: 'E_LIST' })
  })

  test.each([[[]], [''], [[7]], [{}]])('sources are paths, which %o is not', (sources) => {
    expect(() => checkSources('from', sources)).toThrow(
      expect.objectContaining({ code: 'E_OPTION_INVALID', option: 'from' }),
    )
  })
})
