/**
 * Values from another realm, and the package loaded in one, because runners such as Jest run each file in a vm context
 * of its own.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { describe, expect, test } from 'vitest'
import { addNoise, addNoiseToFiles, addNoiseToWav, moduleTask, noiseTask, type Samples } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { programFor, quote, start } from '../support/programs.js'
import { cell } from '../support/tasks.js'

/** A value that an expression gives in a realm of its own. */
const foreign = (expression: string, given: object = {}) => vm.runInNewContext(expression, given)
const calls = new URL('../support/tasks/calls.mjs', import.meta.url)
const packageUrl = new URL('../../dist/index.js', import.meta.url).href
const level = { sigma: 0.1, seed: 1 }

describe('values of another realm', () => {
  test.each(['Uint8Array', 'Int16Array', 'Int32Array', 'Float32Array', 'Float64Array'])(
    'get the noise of their own: %s',
    async (type) => {
      const theirs: Samples = foreign(`new ${type}(1000)`)
      const own: Samples = new globalThis[type as 'Int16Array'](1000)
      expect(theirs).not.toBeInstanceOf(own.constructor)
      const noisy = await addNoise(own, level)
      expect(await addNoise(theirs, level)).toEqual(noisy)
      expect(await addNoise(theirs, { ...level, inPlace: true })).toBe(theirs)
      expect(Array.from(theirs)).toEqual(Array.from(noisy))
    },
  )

  test('are refused where those of this realm are', async () => {
    for (const bad of [
      'new Uint16Array(8)',
      'new Float32Array(8).buffer',
      '[1, 2]',
      'new DataView(new ArrayBuffer(8))',
    ])
      await expect(addNoise(foreign(bad), level)).rejects.toMatchObject({ option: 'samples' })
    await expect(addNoiseToWav(foreign('new Int8Array(100)'), level)).rejects.toMatchObject({ option: 'wav' })
  })

  test('may be the bytes of a WAV file', async () => {
    const bytes = readFileSync(writeWavs(temporaryFolder(), 1)[0])
    const theirs = foreign('Uint8Array.from(bytes)', { bytes: [...bytes] })
    expect(await addNoiseToWav(theirs, level)).toEqual(await addNoiseToWav(bytes, level))
  })

  test('may be paths, in bytes and as URLs', async () => {
    const folder = temporaryFolder()
    const [first, second] = writeWavs(folder, 2)
    // The class in Node is one for all realms; these have its properties alone, as the URL of jsdom has.
    const url = foreign('({ href, protocol: "file:", toString: () => href })', { href: pathToFileURL(first).href })
    const bytes = foreign('Uint8Array.from(bytes)', { bytes: [...Buffer.from(second)] })
    const out = path.join(folder, 'out')
    const items = [url, { input: bytes }]
    const results = await testPool().map(noiseTask({ out, ...level }), items)
    expect(results.map(({ status, input }) => [status, input])).toEqual([
      ['done', first],
      ['done', second],
    ])
    const others: string[] = []
    for await (const { status } of addNoiseToFiles(url, { out: `${out}2`, ...level })) others.push(status)
    expect(others).toEqual(['done'])
    const href = calls.href
    const task = moduleTask<number, number>(
      foreign('({ href, protocol: "file:", toString: () => href })', { href }),
      'double',
    )
    expect(await testPool().map(task, [1, 2])).toEqual([2, 4])
  })

  test('may be items and data of functions', async () => {
    const pool = testPool()
    const items = foreign('[new Map([[1, { two: new Date(3) }]]), Int8Array.of(4), new Set("5")]')
    const same = moduleTask<unknown, unknown>(calls, 'same')
    expect(await pool.map(same, items)).toEqual([new Map([[1, { two: new Date(3) }]]), Int8Array.of(4), new Set('5')])
  })

  const signalOf = (change: object) => {
    const target = new EventTarget()
    const methods = ['addEventListener', 'removeEventListener'] as const
    return Object.assign(Object.fromEntries(methods.map((name) => [name, target[name].bind(target)])), change, {
      target,
    })
  }

  test.each(['reason', undefined])('may be signals, which end a run: with the reason %s', async (reason) => {
    const signal = { aborted: false, ...signalOf({ reason }) }
    const wait = moduleTask<unknown, unknown>(calls, 'meet')
    const ended = testPool().map(wait, [{ begun: cell(), count: 2 }], { signal: signal as never })
    setTimeout(() => {
      signal.aborted = true
      signal.target.dispatchEvent(new Event('abort'))
    }, 20)
    const told = await ended.catch((error) => error)
    if (reason) expect(told).toBe(reason)
    else expect(told).toMatchObject({ name: 'AbortError' })
    for (const aborted of [
      testPool().map(wait, [1], { signal: signal as never }),
      addNoise(new Int16Array(8), { ...level, signal: signal as never }),
    ])
      expect(await aborted.catch((error) => error)).toEqual(told)
  })

  test.each([{}, { aborted: false }, { addEventListener() {} }, null, 1])('are no signal: %j', (signal) => {
    const task = moduleTask<unknown, unknown>(calls, 'same')
    expect(() => testPool().imap(task, [1], { signal: signal as never })).toThrow(/signal/)
  })
})

/** Loads an ES module and all that it imports in a new realm, with the builtin modules of this one: as Jest does. */
const IN_REALM = `
  import vm from 'node:vm'
  import fs from 'node:fs'
  import { createRequire } from 'node:module'
  import { pathToFileURL } from 'node:url'
  const shared = ['Buffer', 'process', 'URL', 'AbortSignal', 'AbortController', 'DOMException', 'structuredClone', 'setTimeout',
    'clearTimeout', 'setImmediate', 'setInterval', 'clearInterval', 'performance', 'console', 'queueMicrotask', 'TextEncoder', 'TextDecoder', 'Event']
  const realm = vm.createContext(Object.fromEntries(shared.map((name) => [name, globalThis[name]])))
  const modules = new Map()
  const packageUrl = ${quote(packageUrl)}
  const require = createRequire(packageUrl)
  // One module for each name, however often it is asked for at the same time: Node crashes on two.
  function load(specifier, parent) {
    const isOwn = /^([./]|file:)/.test(specifier)
    const id = isOwn ? new URL(specifier, parent.identifier).href : specifier
    if (!modules.has(id)) modules.set(id, isOwn ? source(id) : outer(id))
    return modules.get(id)
  }
  const outer = async (id) => given(await import(id.startsWith('node:') ? id : pathToFileURL(require.resolve(id))), id)
  const given = (values, identifier) => new vm.SyntheticModule(Object.keys(values), function () {
    for (const [name, value] of Object.entries(values)) this.setExport(name, value)
  }, { context: realm, identifier })
  const source = (identifier) => new vm.SourceTextModule(fs.readFileSync(new URL(identifier), 'utf8'), {
    context: realm, identifier,
    initializeImportMeta: (meta) => { meta.url = identifier },
    importModuleDynamically: (specifier) => import(specifier),
  })
  async function evaluate(url) {
    const module = await load(url, { identifier: url })
    await module.link(load)
    await module.evaluate()
    return module.namespace
  }
`

describeBackends('the package in another realm', (backend) => {
  test('works as it does in the first', async () => {
    const folder = temporaryFolder()
    const [wav] = writeWavs(folder, 1)
    const bad = path.join(folder, 'bad.wav')
    writeFileSync(bad, 'This is a text, and no WAV file at all: not even its first words.')
    const main = `${IN_REALM}
      const inside = await evaluate(packageUrl)
      const outside = noisemill
      const level = { sigma: 0.1, seed: 1 }
      const pool = new inside.Pool({ size: 2, backend: ${quote(backend)} })
      console.log(inside.Pool !== outside.Pool)
      const files = [${quote(wav)}, 'missing.wav', ${quote(bad)}, ${quote(folder)}]
      for (const [of, name] of [[inside, 'own'], [outside, 'others']]) {
        const results = await pool.map(of.noiseTask({ out: ${quote(path.join(folder, 'out'))} + name, ...level }), files)
        console.log(results.map(({ status, error }) => error ? error.code : status).join())
      }
      const samples = new Float32Array(1000)
      const noisy = [await inside.addNoise(samples, { ...level, pool }), await outside.addNoise(samples, { ...level, pool })]
      console.log(JSON.stringify(noisy[0]) === JSON.stringify(noisy[1]), noisy[0].some((sample) => sample !== 0))
      const failing = inside.moduleTask(${quote(new URL('../support/tasks/throwing.mjs', import.meta.url).href)}, 'fail')
      const [record] = await pool.map(failing, ['system'], { errors: 'collect' })
      console.log(record.error.code, record.error.cause.code)
      await pool.close()
    `
    const program = path.join(folder, 'main.mjs')
    writeFileSync(program, programFor(main))
    const flags = ['--experimental-vm-modules', '--no-warnings']
    const { code, stdout, stderr } = await start([process.execPath, ...flags, program]).ended
    expect([stderr, code]).toEqual(['', 0])
    expect(stdout.split('\n')).toEqual([
      'true',
      ...Array(2).fill('done,E_INPUT_MISSING,E_WAV_NOT_RIFF,E_INPUT_NOT_FILE'),
      'true true',
      'E_TASK_FAILED ENOENT',
      '',
    ])
    const [own, others] = ['outown', 'outothers'].map((name) => path.join(folder, name))
    expect(filesBelow(own)).toEqual(filesBelow(others))
    expect(readFileSync(path.join(own, path.basename(wav)))).toEqual(
      readFileSync(path.join(others, path.basename(wav))),
    )
  })
})
