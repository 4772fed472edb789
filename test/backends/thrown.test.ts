/**
 * Errors that a user's functions throw arrive with message, stack and cause, the same from the caller's thread and from
 * workers.
 */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { moduleTask, NoisemillError } from '../../dist/index.js'
import { temporaryFolder } from '../support/folders.js'
import { describePlaces, testPool } from '../support/pools.js'
import { quote, runNode } from '../support/programs.js'

const url = new URL('../support/tasks/throwing.mjs', import.meta.url)
const task = moduleTask<string, never>(url, 'fail')

describePlaces('an error that a function throws [%s]', (backend) => {
  async function causeOf(sort: string): Promise<Error & Record<string, unknown>> {
    const [record] = await testPool({ backend }).map(task, [sort], { errors: 'collect' })
    if (record.status !== 'failed') throw new Error('it did not fail')
    expect(record.error).toMatchObject({ code: 'E_TASK_FAILED', item: sort })
    return record.error.cause as Error & Record<string, unknown>
  }

  test('of the system has its code, number, call and path', async () => {
    const cause = await causeOf('system')
    expect({ ...cause }).toEqual({
      code: 'ENOENT',
      errno: expect.any(Number),
      syscall: 'open',
      path: '/nowhere/at/all',
    })
    expect(cause.message).toContain('ENOENT')
    expect(cause.stack).toContain('throwing.mjs')
  })

  test('of a class of its own has name and properties; what cannot cross is in words', async () => {
    const cause = await causeOf('own')
    expect(cause).toBeInstanceOf(Error)
    expect([cause.name, cause.message]).toEqual(['BrokenPipe', 'no flow'])
    expect({ ...cause }).toEqual({ pipe: { width: 3 }, code: 'E_PIPE', callback: expect.stringContaining('=>') })
  })

  test('is an instance of the class of JavaScript that its own class extends', async () => {
    expect(await causeOf('own')).toBeInstanceOf(RangeError)
  })

  test('whose class alone has a name has that name', async () => {
    const cause = await causeOf('nameless_class')
    expect(cause).toBeInstanceOf(TypeError)
    expect([cause.name, cause.message]).toEqual(['NotFound', 'no name of its own'])
  })

  test('among the properties of another has all that is its own', async () => {
    const { inner, signal, bytes } = (await causeOf('inside')) as unknown as Record<string, Error & { code: unknown }>
    expect([inner.name, inner.message, inner.code]).toEqual(['BrokenPipe', 'inner', 'E_INNER'])
    expect(signal).toBeInstanceOf(DOMException)
    expect(signal.name).toBe('AbortError')
    // A buffer crosses as the plain array that it is made of.
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
  })

  test.each([
    ['textless_code', 'odd'],
    ['textless_value', 'an object (no class)'],
    ['inherited_code', 'odd'],
  ])('with an odd code or class has the usual remedy: %s', async (sort, reason) => {
    const [record] = await testPool({ backend }).map(task, [sort], { errors: 'collect' })
    const message = expect.stringMatching(
      /: the function threw.* The `cause` of this error is what the function threw\.$/,
    )
    expect(record).toMatchObject({ error: { code: 'E_TASK_FAILED', message } })
    expect((record as { error: Error }).error.message).toContain(` ${reason}. The`)
  })

  test('that is no error is a copy', async () => {
    const cause = await causeOf('instance')
    expect({ ...cause }).toEqual({ degrees: 3 })
    expect(Object.getPrototypeOf(cause)).toBe(Object.prototype)
  })

  test('has its causes, down to the first', async () => {
    const cause = await causeOf('causes')
    expect(cause).toBeInstanceOf(TypeError)
    const middle = cause.cause as Error
    expect([middle.message, (middle.cause as NodeJS.ErrnoException).code]).toEqual(['middle', 'ENOENT'])
  })

  test('of several has each of them', async () => {
    const cause = (await causeOf('several')) as unknown as AggregateError
    expect(cause).toBeInstanceOf(AggregateError)
    expect(cause.message).toBe('all')
    const [one, two, three] = cause.errors
    expect([one.name, one.message, one.pipe, two]).toEqual(['BrokenPipe', 'one', 1, 'two'])
    expect(three.errors[0]).toBeInstanceOf(SyntaxError)
  })

  test.each([
    ['abort', 'AbortError', 20],
    ['timeout', 'TimeoutError', 23],
  ])('that is a DOMException stays one: %s', async (sort, name, code) => {
    const cause = await causeOf(sort)
    expect(cause).toBeInstanceOf(DOMException)
    expect([cause.name, cause.code]).toEqual([name, code])
    expect(cause.message).toContain('abort')
  })

  test.each(['proxy', 'nameless', 'many'])('of a hostile sort costs its own item: %s', async (sort) => {
    const records = await testPool({ backend }).map(task, [sort, 'own'], { errors: 'collect', chunkSize: 2 })
    expect(records.map((record) => record.status === 'failed' && record.error.code)).toEqual([
      'E_TASK_FAILED',
      'E_TASK_FAILED',
    ])
    expect(records[1]).toMatchObject({ error: { cause: { name: 'BrokenPipe' } } })
  })

  test('may be its own cause, or have a getter that throws', async () => {
    expect(((await causeOf('circle')).cause as Error).message).toBe('round')
    expect((await causeOf('hostile')).code).toContain('no')
  })

  test.each([
    ['text', 'item 0 ("text"): the function threw "text".'],
    [null, 'item 0: the function threw null.'],
    [undefined, 'item 0: the function threw undefined.'],
    [42, 'item 0 (42): the function threw 42.'],
  ])('that is no error is in the message: %s', async (thrown, message) => {
    const throwIt = moduleTask<unknown, never>(url, 'throwIt')
    const [record] = await testPool({ backend }).map(throwIt, [thrown], { errors: 'collect' })
    expect(record.status === 'failed' && record.error.message).toContain(message)
  })

  test.each([
    [-1, 'item 0 (-1): '],
    [true, 'item 0 (true): '],
    ['a\n\u202eb', 'item 0 ("a\\n\\u{202e}b"): '],
    ['x'.repeat(1000), `item 0 ("${'x'.repeat(80)}…"): `],
    [{ name: 'a' }, 'item 0: '],
  ])('is told with its item, if that is short: %j', async (item, message) => {
    const fail = moduleTask<unknown, never>(url, 'throwIt')
    const error = await testPool({ backend })
      .run(fail, item)
      .catch((thrown) => thrown)
    expect(error.message.startsWith(message), error.message).toBe(true)
    expect(error.item).toEqual(item)
  })

  test('keeps as much when it is the set-up that throws', async () => {
    const broken = moduleTask<string, never>(url, 'fail', { setup: 'prepare' })
    const error = await testPool({ backend })
      .map(broken, ['own'])
      .catch((thrown) => thrown)
    expect(error).toBeInstanceOf(NoisemillError)
    expect(error).toMatchObject({
      code: 'E_TASK_LOAD',
      cause: { name: 'BrokenPipe', code: 'E_PIPE', pipe: { width: 3 } },
    })
  })
})

describe('an error of a module that cannot be loaded', () => {
  test.each(['inline', 'workers'] as const)('has its code [%s]', async (backend) => {
    const missing = moduleTask(new URL('./nowhere.mjs', import.meta.url), 'fail')
    const error = await testPool({ backend })
      .map(missing, [1])
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'E_TASK_LOAD', cause: { code: 'ERR_MODULE_NOT_FOUND' } })
  })
})

test('a message that a function forges changes nothing', () => {
  const file = path.join(temporaryFolder(), 'forging.mjs')
  writeFileSync(
    file,
    `import { MessagePort, parentPort, workerData } from 'node:worker_threads'
    const ports = [parentPort, ...Object.values(workerData)].filter((value) => value instanceof MessagePort)
    export const forge = (item) => {
      if (item > 1) return item
      for (const port of ports)
        for (let load = 0; load < 100; load++) port.postMessage({ type: 'settled', load, at: 0, values: ['forged'] })
      return item
    }`,
  )
  const { stdout, stderr } = runNode(`
    const pool = new noisemill.Pool({ size: 1, backend: 'workers' })
    const task = noisemill.moduleTask(${quote(file)}, 'forge')
    const records = await pool.map(task, [1, 2], { errors: 'collect', chunkSize: 1 })
    console.log(records.map(({ error, value }) => error?.code ?? value).join())
    await pool.close()
  `)
  expect([stdout.trim(), stderr]).toEqual(['1,2', ''])
})
