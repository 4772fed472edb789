/** Messages of errors in a task's module: the problem, its cause and a remedy. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type ModuleTaskOptions, moduleTask } from '../../dist/index.js'
import { temporaryFolder } from '../support/folders.js'
import { describePlaces, testPool } from '../support/pools.js'
import { quote, runNode } from '../support/programs.js'
import { isLong } from '../support/size.js'

/** What Node itself says of ES modules in files that it takes for CommonJS. */
const NODES_WARNING = /^.* Warning: To load an ES module, .*\n.*--trace-warnings.*\n/

const escaped = (text: string) => text.replace(/[()]/g, '\\$&')

describePlaces('a module that cannot be used [%s]', (backend) => {
  const errorHere = (url: URL, name: string, options: ModuleTaskOptions) =>
    testPool({ size: 1, backend })
      .map(moduleTask(url, name, options), [1])
      .catch((thrown) => thrown)

  function errorElsewhere(url: URL, name: string, options: ModuleTaskOptions) {
    const { stdout, stderr } = runNode(`
      const pool = new noisemill.Pool({ size: 1, backend: ${quote(backend)} })
      const task = noisemill.moduleTask(${quote(url.href)}, ${quote(name)}, ${quote(options)})
      const error = await pool.map(task, [1]).catch((thrown) => thrown)
      const { code, message, cause } = error
      console.log(JSON.stringify({ code, message, cause: cause && { name: cause.name, code: cause.code, message: cause.message } }))
      await pool.close()
    `)
    expect(stderr.replace(NODES_WARNING, '')).toBe('')
    return JSON.parse(stdout)
  }

  /** The error of a task of a fresh module, and the URL of the module. */
  async function errorOf(
    source: string | undefined,
    { file = 'task.mjs', name = 'etl', setup = '', packageType = '' } = {},
  ) {
    const url = pathToFileURL(path.join(temporaryFolder(), file))
    if (source !== undefined) writeFileSync(url, source)
    if (packageType !== '') writeFileSync(new URL('package.json', url), JSON.stringify({ type: packageType }))
    const options = setup === '' ? {} : { setup }
    // The test runner loads modules of its own thread in its own way, so the backend inline needs another process.
    const isHere = backend === 'workers' && !isLong
    const { code, message, cause } = isHere ? await errorHere(url, name, options) : errorElsewhere(url, name, options)
    expect(code).toBe('E_TASK_LOAD')
    return { message: message.replaceAll(url.href, 'URL') as string, cause }
  }

  const failed = 'item 0 (1): the task module cannot be used: URL failed while it was loaded: '

  test('because it is not there', async () => {
    const { message, cause } = await errorOf(undefined)
    expect(message).toMatch(/^item 0 \(1\): the task module cannot be used: URL does not exist: Cannot find module /)
    expect(message).toMatch(/ Check the URL of the module, and the paths that it imports\. If a bundler /)
    expect(cause).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' })
  })

  test('because something that it imports is not there', async () => {
    const { message, cause } = await errorOf("import './absent.mjs'\nexport const etl = () => {}")
    expect(message).toMatch(new RegExp(`^${escaped(failed)}Cannot find module .*absent\\.mjs`))
    expect(message).toMatch(/ Check the URL of the module, and the paths that it imports\. If a bundler /)
    expect(cause).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' })
  })

  test('because something that it requires is not there', async () => {
    const { message } = await errorOf("require('./absent.cjs')", { file: 'task.cjs' })
    expect(message).toMatch(new RegExp(`^${escaped(failed)}Cannot find module`))
    expect(message).toMatch(/ Check the paths that the module passes to require\.$/)
  })

  test.each([
    ['export const etl = (', 'SyntaxError', /^Unexpected end of input|^Unexpected token/],
    ['export const etl = () => {}; null.x', 'TypeError', /null/],
  ])('because it fails: %s', async (source, name, text) => {
    const { message, cause } = await errorOf(source)
    expect(cause.name).toBe(name)
    expect(cause.message).toMatch(text)
    expect(message).toBe(
      `${failed}${cause.message}. The \`cause\` of this error is what the module threw.`.replace('?.', '?'),
    )
    expect(message).not.toContain('Check the')
  })

  test.each([
    ['export const etl = () => {}'],
    ["import 'node:fs'\nexports.etl = () => {}"],
    ['exports.etl = () => import.meta.url'],
  ])('because it is an ES module, and its package says that it is not: %s', async (source) => {
    const { message, cause } = await errorOf(source, { file: 'task.js', packageType: 'commonjs' })
    expect(cause.name).toBe('SyntaxError')
    expect(message).toContain(`${failed}${cause.message}`)
    expect(message).toMatch(/ Run `npm pkg set type=module` in its package, or let its name end with \.mjs\.$/)
  })

  test('because Node does not know its language', async () => {
    const { message, cause } = await errorOf('export const etl = (n: number) => n', { file: 'task.coffee' })
    expect(cause).toMatchObject({ code: 'ERR_UNKNOWN_FILE_EXTENSION' })
    expect(message).toContain('give the workers a loader by `execArgv`')
  })

  test.each([
    ['export const double = () => {}, n = 1; export default () => {}', 'task.mjs', 'default, double'],
    ['exports.double = () => {}; Object.assign(exports, { etc: () => {}, n: 1 })', 'task.cjs', 'double, etc'],
  ])('because it has no such export, with the names of those that it has: %s', async (source, file, names) => {
    const { message, cause } = await errorOf(source, { file })
    expect(message).toBe(
      `item 0 (1): the task module cannot be used: URL exports undefined as "etl", not a function; ` +
        `it exports the functions ${names}. Check the exported name.`,
    )
    expect(cause).toBeUndefined()
  })

  const getters = `module.exports = {
    work() {},
    get old() { throw new Error('old was removed') },
    get late() { throw new Error('a getter was called') },
  }`

  test('because it has no such export, and its getters are not called', async () => {
    const { message, cause } = await errorOf(getters, { file: 'task.cjs' })
    expect(message).toContain('"etl", not a function; it exports the functions work, old, late. Check the')
    expect(cause).toBeUndefined()
  })

  test('because the export, or its set-up, is a getter that throws', async () => {
    for (const names of [{ name: 'old' }, { name: 'work', setup: 'old' }]) {
      const { message, cause } = await errorOf(getters, { file: 'task.cjs', ...names })
      expect(message).toContain('URL failed while its export "old" was read: old was removed. The `cause`')
      expect(cause).toMatchObject({ message: 'old was removed' })
    }
  })

  test('because it exports no function, or a thousand others', async () => {
    expect((await errorOf('export const etl = 1')).message).toContain(
      'exports 1 as "etl", not a function; it exports no',
    )
    const many = Array.from({ length: 1000 }, (_, i) => `export const f${i} = () => {}`).join('\n')
    expect((await errorOf(many)).message.length).toBeLessThan(400)
  })

  test.each([
    ['"no licence"', '"no licence"'],
    ['null', 'null'],
    ['undefined', 'undefined was thrown'],
    ['{ a: 1 }', 'an object (Object)'],
  ])('because it, or its set-up, throws what is no error: %s', async (thrown, shown) => {
    const failing = `throw ${thrown}`
    expect((await errorOf(failing)).message).toBe(
      `${failed}${shown}. The \`cause\` of this error is what the module threw.`,
    )
    const source = `export const etl = () => {}; export const open = async () => { ${failing} }`
    expect((await errorOf(source, { setup: 'open' })).message).toMatch(
      /: "open" of URL threw: (.*)\. The `cause` of this error/,
    )
    expect((await errorOf(source, { setup: 'open' })).message).toContain(`threw: ${shown}. The \`cause\``)
  })

  test('because its set-up throws', async () => {
    const source = 'export const etl = () => {}; export const open = () => { throw new Error("no licence") }'
    const { message, cause } = await errorOf(source, { setup: 'open' })
    expect(message).toMatch(/: "open" of URL threw: no licence\. The `cause` of this error is what the module threw\.$/)
    expect(cause).toMatchObject({ message: 'no licence' })
  })
})

describe('a module that is not named by an absolute URL', () => {
  test.each([
    ['./etl.js', "new URL('./etl.js', import.meta.url)"],
    ['etl.js', "new URL('etl.js', import.meta.url)"],
    ["./it's.js", 'new URL("./it\'s.js", import.meta.url)'],
    ['https://example.com/etl.js', "new URL('./etl.js', import.meta.url)"],
    ['', "new URL('./etl.js', import.meta.url)"],
    [42, "new URL('./etl.js', import.meta.url)"],
    [new URL('https://example.com/etl.js'), "new URL('./etl.js', import.meta.url)"],
    ['file://a b/etl.js', "new URL('./etl.js', import.meta.url)"],
  ])('is refused with what is meant: %s', (url, proposed) => {
    const refused = () => moduleTask(url as string)
    expect(refused).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID', option: 'url' }))
    expect(refused).toThrow(proposed)
  })
})
