/** Options: an invalid one is refused by name before any work starts. */

import path from 'node:path'
import { expect, test } from 'vitest'
import { addNoiseToFiles, NoisemillError, type NoiseOptions, noiseTask, Pool } from '../../dist/index.js'
import { writeFiles } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { isWindows } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

/** Values that no path option takes. */
const noPaths = [
  '',
  'a\0b',
  7,
  {},
  new URL('http://example.com/a'),
  new URL('file:///a%2Fb'), // a name with a slash in it
  new URL('file:///a%FFb'), // no UTF-8
  new URL('file:///a%00b'),
  // Windows has hosts in paths, and none that begins neither with one nor with a drive.
  new URL(isWindows ? 'file:///a' : 'file://elsewhere/a'),
]
const noLevels = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '1',
  null,
  true,
  {},
  [],
  [1],
  [1, 2, 3],
  [2, 1],
  [0, Number.NaN],
]

/** By option: values that are refused, each given beside a good level. */
const refused: Record<string, readonly unknown[]> = {
  sigma: [...noLevels, -0.001, 16.001, [-1, 1], [1, 17]],
  snr: [...noLevels, -100.1, 200.1, [-101, 0], [0, 201]],
  seed: [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 'a\0b', {}, true, Symbol('seed')],
  copies: [0, -1, 1.5, 1_000_001, Number.NaN, '2', 2n],
  kind: ['', 'Gaussian', 'Pink', 0, ['gaussian']],
  parameters: ['', 1, []],
  clip: [0, 1, 'false'],
  overwrite: [0, 1, 'false'],
  fsync: [0, 1, 'false'],
  dryRun: [0, 1, 'false'],
  strict: [0, 1, 'false'],
  out: noPaths,
  root: noPaths,
}

function shown(value: unknown): string {
  if (value instanceof URL) return value.href
  return typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** What a call throws: code and option of a NoisemillError. */
function thrownBy(call: () => unknown): string {
  try {
    call()
    return 'nothing'
  } catch (error) {
    if (!(error instanceof NoisemillError)) return String(error)
    expect(error.message).toContain(error.option ?? '')
    return `${error.code} ${error.option}`
  }
}

const asOptions = (options: unknown) => options as NoiseOptions

for (const [option, values] of Object.entries(refused)) {
  test(`wrong values of ${option} are refused, by its name`, () => {
    const level = option === 'sigma' || option === 'snr' ? {} : { sigma: 0.1 }
    const thrown = values.map((value) => thrownBy(() => noiseTask(asOptions({ ...level, [option]: value }))))
    expect(Object.fromEntries(values.map((value, i) => [shown(value), thrown[i]]))).toEqual(
      Object.fromEntries(values.map((value) => [shown(value), `E_OPTION_INVALID ${option}`])),
    )
  })
}

test('null is a value, and a wrong one, for every option', () => {
  const thrown = Object.keys(refused).map((option) =>
    thrownBy(() => noiseTask(asOptions({ sigma: 0.1, [option]: null }))),
  )
  // Beside null, that is no undefined, a good sigma is one level too many.
  const expected = Object.keys(refused).map((option) =>
    `E_OPTION_INVALID ${option}`.replace(/.* snr/, 'E_LEVEL_BOTH undefined'),
  )
  expect(thrown).toEqual(expected)
})

/** A list with a hole. */
const holed = new Array<number>(2)
holed[1] = 5

test.each([
  [{ values: [] }, '{ values: [] }'],
  [{ values: holed }, '{ values: [undefined, 5] }'],
  [{ values: [5, 300] }, '{ values: [5, 300] }'],
  [{ values: [0, -0] }, '{ values: [0, 0] }'],
  [{ values: Array.from({ length: 1001 }, (_, i) => i / 10) }, 'an array of 1001'],
  [{ values: [5], weights: [1] }, 'one that has weights too'],
])('a list is refused: %j', (list, received) => {
  for (const options of [{ snr: list }, { dbfs: list }, { sigma: list }, { sigma: 0.1, level: { rms: list } }]) {
    const option = Object.keys(options).at(-1)
    expect(() => noiseTask(asOptions(options)), option).toThrow(
      expect.objectContaining({ code: 'E_OPTION_INVALID', option, received }),
    )
  }
})

test('a list is copied, so later changes of it change nothing', async () => {
  const folder = temporaryFolder()
  writeFiles(folder, { 'in/a.wav': pcm16() })
  const values = [0, 5]
  const task = noiseTask({ out: path.join(folder, 'out'), snr: { values }, snrMode: 'each' })
  values[0] = 30
  values.push(40)
  await using pool = new Pool({ backend: 'inline' })
  const results = await pool.map(task, [path.join(folder, 'in/a.wav')])
  expect(results.map(({ drawn, asked }) => [drawn.snr, asked.snr])).toEqual(
    [0, 5].map((snr) => [snr, { values: [0, 5] }]),
  )
})

test('the ends of ranges are within them', () => {
  for (const level of [{ sigma: 0 }, { sigma: 16 }, { snr: -100 }, { snr: 200 }, { sigma: [0, 16] }, { snr: [5, 5] }])
    expect(() => noiseTask(asOptions(level))).not.toThrow()
  for (const seed of ['', 0, -1, 2 ** 53 - 1, 10n ** 30n, 'a b'])
    expect(() => noiseTask({ sigma: 1, seed })).not.toThrow()
  for (const copies of [1, 1_000_000]) expect(() => noiseTask({ sigma: 1, copies })).not.toThrow()
})

test('exactly one level is required, and unknown options are refused', () => {
  for (const none of [{}, { sigma: undefined }, { out: 'x' }])
    expect(thrownBy(() => noiseTask(asOptions(none)))).toMatch('E_LEVEL_MISSING')
  expect(thrownBy(() => noiseTask({ sigma: 0.1, snr: 10 }))).toMatch('E_LEVEL_BOTH')
  for (const wrong of ['Sigma', 'output', 'signal', 'size'])
    expect(thrownBy(() => noiseTask(asOptions({ sigma: 0.1, [wrong]: 1 })))).toBe(`E_OPTION_UNKNOWN ${wrong}`)
  const parameters = { exponent: 1 }
  expect(thrownBy(() => noiseTask({ sigma: 0.1, parameters }))).toBe('E_OPTION_UNKNOWN exponent')
  for (const [kind, name, received] of [
    ['gaussian', 'exponent', 'the kind gaussian has no parameter exponent, nor has any other'],
    ['pink', 'slope', 'the kind pink has no parameter slope; kinds that have it are color'],
  ])
    expect(() => noiseTask({ sigma: 0.1, kind, parameters: { [name]: 1 } })).toThrow(
      expect.objectContaining({ code: 'E_OPTION_UNKNOWN', option: name, received }),
    )
  for (const none of [undefined, null, [], 'sigma', 0.1])
    expect(thrownBy(() => noiseTask(asOptions(none)))).toBe('E_OPTION_INVALID options')
})

test('addNoiseToFiles refuses what it cannot use before it looks at any file', async () => {
  const cases: readonly [unknown, object, object][] = [
    ['in', { out: undefined }, { code: 'E_OPTION_INVALID', option: 'out' }],
    ['in', { sigma: -1 }, { code: 'E_OPTION_INVALID', option: 'sigma' }],
    ['in', { snr: 1 }, { code: 'E_LEVEL_BOTH' }],
    ['in', { recursive: true }, { code: 'E_OPTION_UNKNOWN', option: 'recursive' }],
    ['in', { errors: 'throw' }, { code: 'E_OPTION_UNKNOWN', option: 'errors' }],
    ['in', { pool: {} }, { code: 'E_OPTION_INVALID', option: 'pool' }],
    ['in', { onLoop: 'tell' }, { code: 'E_OPTION_INVALID', option: 'onLoop' }],
    ['in', { onRepeat: 'tell' }, { code: 'E_OPTION_INVALID', option: 'onRepeat' }],
    ['in', { follow: 'yes' }, { code: 'E_OPTION_INVALID', option: 'follow' }],
    ['in', { onUnread: 'tell' }, { code: 'E_OPTION_INVALID', option: 'onUnread' }],
    ...noPaths.map((input): [unknown, object, object] => [input, {}, { code: 'E_OPTION_INVALID', option: 'inputs' }]),
    [['in', 7], {}, { code: 'E_OPTION_INVALID', option: 'inputs' }],
    [undefined, {}, { code: 'E_OPTION_INVALID', option: 'inputs' }],
  ]
  for (const [inputs, options, error] of cases) {
    const results = addNoiseToFiles(inputs as string, { out: 'out', sigma: 0.1, ...options } as never)
    await expect(results.next(), `${shown(inputs)} ${JSON.stringify(options)}`).rejects.toMatchObject(error)
  }
})
