/** Recipes: what they may have, their schema, and `add --recipe`. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { addNoiseToFiles } from '../../dist/index.js'
import { readRecipe, withRecipe } from '../../dist-lib/cli/recipe.js'
import { NoisemillError } from '../../dist-lib/errors.js'
import { writeFiles } from '../support/files.js'
import { root, sharedFolder, temporaryFolder } from '../support/folders.js'
import { type Json, jsonOf, noisemill } from '../support/programs.js'
import { pcm16, text } from '../support/wav.js'

const schema: Json = JSON.parse(readFileSync(path.join(root, 'dist/recipe.schema.json'), 'utf8'))
const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true })
const accepts = ajv.compile(schema)

const folder = sharedFolder()

/** Reads a recipe, and returns it or the error. */
function read(json: string): unknown {
  const file = path.join(folder, 'recipe.json')
  writeFileSync(file, json)
  try {
    return readRecipe(file)
  } catch (error) {
    return error
  }
}

const isRead = (recipe: Json) => !(read(JSON.stringify(recipe)) instanceof NoisemillError)

const layers = (...list: Json[]) => ({ layers: list })
const from = 'noise'

describe('the schema and the program', () => {
  test.each<[Json]>([
    [{ snr: 10 }],
    [{ $schema: 'recipe.schema.json', snr: [5, 20], seed: 'talk', copies: 3 }],
    [{ snr: { values: [0, 5] }, snrMode: 'each', snrReference: 'active', silent: 'skip' }],
    [{ sigma: 0, seed: -7, clip: false }],
    [{ dbfs: [-60, -40], kind: 'pink', parameters: { low: 50 } }],
    [{ dbfs: -40, clip: 'scale', ceiling: 0.5, dither: true, level: { rms: [-30, -20] } }],
    [{ snr: 5, exactSnr: true, level: 'keep' }],
    [{ snr: 5, level: { peak: { values: [-6, -3] } } }],
    [{ snr: 5, noise: { from } }],
    [
      {
        snr: 5,
        noise: { from: [from, 'more/*.wav'], fit: 'loop', balance: 'folder', downmix: 'mean', voices: [3, 7] },
      },
    ],
    [{ sigma: 0.1, noise: { from, gap: [0.5, 4] } }],
    [{ ...layers({ snr: 10 }), silent: 'error' }],
    [{ ...layers({ name: 'hum', kind: 'brown', snr: 20 }, { noise: { from }, dbfs: -50, chance: 0.3 }), pick: 'one' }],
  ])('accept %j', (recipe) => {
    expect(accepts(recipe) ? [] : accepts.errors).toEqual([])
    expect(read(JSON.stringify(recipe))).not.toBeInstanceOf(Error)
  })

  test.each<[Json]>([
    [[]],
    ['snr'],
    [{}],
    [{ snr: 10, sigma: 0.1 }],
    [{ snr: 10, snrs: 5 }],
    [{ snr: 201 }],
    [{ snr: '10' }],
    [{ snr: [1, 2, 3] }],
    [{ snr: { values: [] } }],
    [{ snr: { values: [1, 1] } }],
    [{ snr: { values: [1], mode: 'each' } }],
    [{ sigma: -0.1 }],
    [{ sigma: 0.1, exactSnr: true }],
    [{ sigma: 0.1, silent: 'skip' }],
    [{ sigma: 0.1, seed: 1.5 }],
    [{ sigma: 0.1, seed: 'a\0b' }],
    [{ sigma: 0.1, seed: null }],
    [{ sigma: 0.1, kind: 'purple' }],
    [{ sigma: 0.1, kind: 'pink', parameters: { high: 5 } }],
    [{ sigma: 0.1, kind: 'pink', parameters: { low: 0 } }],
    [{ sigma: 0.1, clip: 'wrap' }],
    [{ sigma: 0.1, ceiling: 0.5 }],
    [{ sigma: 0.1, clip: 'scale', ceiling: 0 }],
    [{ sigma: 0.1, level: { rms: 1 } }],
    [{ sigma: 0.1, level: {} }],
    [{ sigma: 0.1, level: { rms: -20, peak: -1 } }],
    [{ sigma: 0.1, copies: 0 }],
    [{ sigma: 0.1, copies: 1.5 }],
    [{ sigma: 0.1, pick: 'one' }],
    [{ sigma: 0.1, out: 'noisy' }],
    [{ sigma: 0.1, $schema: 5 }],
    [{ sigma: 0.1, noise: from }],
    [{ sigma: 0.1, noise: {} }],
    [{ sigma: 0.1, noise: { from: [] } }],
    [{ sigma: 0.1, noise: { from: '' } }],
    [{ sigma: 0.1, noise: { from, gap: 1, voices: 2 } }],
    [{ sigma: 0.1, noise: { from, voices: 17 } }],
    [{ sigma: 0.1, noise: { from, voices: 1.5 } }],
    [{ sigma: 0.1, noise: { from, gap: 0 } }],
    [{ sigma: 0.1, noise: { from }, kind: 'pink' }],
    [{ sigma: 0.1, ...layers({ snr: 5 }) }],
    [{ kind: 'pink', ...layers({ snr: 5 }) }],
    [layers()],
    [layers({})],
    [layers({ snr: 5, chance: 2 })],
    [layers({ snr: 5, seed: 1 })],
    [layers({ snr: 5, name: '' })],
    [layers(...Array.from({ length: 17 }, () => ({ snr: 5 })))],
    [{ ...layers({ dbfs: -50 }), silent: 'skip' }],
  ])('refuse %j', (recipe) => {
    expect([accepts(recipe), isRead(recipe)]).toEqual([false, false])
  })

  test.each<[Json]>([
    [{ snr: [20, 5] }],
    [{ sigma: 0.1, noise: { from, gap: [2, 1] } }],
    [{ sigma: 0.1, kind: 'uniform', parameters: { low: 20 } }],
    [{ snr: 5, snrMode: 'each' }],
    [layers({ name: 'a', snr: 5 }, { name: 'a', snr: 6 })],
  ])('differ in %j, which only the program refuses', (recipe) => {
    expect([accepts(recipe), isRead(recipe)]).toEqual([true, false])
  })

  test('describe every field', () => {
    for (const [name, { description }] of Object.entries<Json>(schema.properties))
      expect(description, name).toMatch(/^[A-Z'].*\.$/)
  })
})

describe('an error of a recipe', () => {
  test.each([
    [
      '{ "layers": [{ "snr": 5 }, { "snr": 500 }] }',
      'layers[1].snr: invalid option: expected a number from -100 to 200',
    ],
    ['{ "snr": 5, "snrs": 6 }', 'snrs: unknown option: the known options are sigma, snr'],
    ['{ "snr": 5, "noise": { "from": "n", "voices": 99 } }', 'noise.voices: invalid option: expected a number from 1'],
    ['{}', 'the noise level is missing'],
    ['5', 'recipe: invalid option: expected an object but got 5'],
  ])('of %s says where it is', (json, message) => {
    const error = read(json) as NoisemillError
    expect(error.code).toBe('E_RECIPE')
    expect(error.message).toContain(`${path.join(folder, 'recipe.json')}: the recipe is not valid: ${message}`)
    expect(error.cause).toBeInstanceOf(NoisemillError)
  })

  test.each([
    ['', 1, 1],
    ['{ "snr": 5', 1, 11],
    ['{\n  "snr": 5,\n}', 3, 1],
    ['{\n  "snr" 5\n}', 2, 9],
    ['{ "snr": [1, 2,] }', 1, 16],
    ['{ snr: 5 }', 1, 3],
    ["{ 'snr': 5 }", 1, 3],
    ['{ "snr": 05 }', 1, 10],
    ['{ "snr": .5 }', 1, 10],
    ['{ "snr": NaN }', 1, 10],
    ['{ "snr": 5 } // comment', 1, 14],
    ['{ "snr": 5 }\n{ "snr": 6 }', 2, 1],
    ['{ "snr": [5 6] }', 1, 13],
    ['{ "snr": [5} }', 1, 12],
    ['{ "seed": "a\nb" }', 1, 11],
    ['{ "seed": "\\x" }', 1, 11],
    ['{ , }', 1, 3],
    ['[:]', 1, 2],
    [']', 1, 1],
    ['\ufeff{ "snr": }', 1, 10],
  ])('in the syntax of %j names line %i and column %i', (json, line, column) => {
    const error = read(json) as NoisemillError
    expect([error.code, error.received]).toEqual(['E_RECIPE', `line ${line}, column ${column} is not JSON`])
  })

  test('in deep JSON ends', () => {
    const error = read('['.repeat(100_000)) as NoisemillError
    expect(error.received).toBe('line 1, column 100001 is not JSON')
  })

  test('if there is no file, names it', () => {
    const file = path.join(folder, 'none.json')
    expect(() => readRecipe(file)).toThrow(expect.objectContaining({ code: 'E_RECIPE', path: file }))
    expect(() => readRecipe(folder)).toThrow(/A recipe is a file\.$/)
  })
})

test('a recipe may begin with a byte order mark', () => expect(read('\ufeff{ "snr": 5 }')).toEqual({ snr: 5 }))

test('paths of recordings are relative to the folder of the recipe', () => {
  const absolute = path.resolve('noise')
  const recipe = {
    layers: [
      { snr: 5, noise: { from: ['../n', absolute] } },
      { snr: 5, noise: { from: 'a[1]*.wav' } },
    ],
  }
  expect(read(JSON.stringify(recipe))).toEqual({
    layers: [
      { snr: 5, noise: { from: [`${folder}/../n`, absolute] } },
      { snr: 5, noise: { from: `${folder}/a[1]*.wav` } },
    ],
  })
})

test.each<[Json, Json, Json]>([
  [{ snr: 5, seed: 1 }, { seed: '2' }, { snr: 5, seed: '2' }],
  [{ snr: 5, seed: 1 }, { dbfs: -40 }, { dbfs: -40, seed: 1 }],
  [
    { snr: 5, kind: 'pink', parameters: { low: 50 } },
    { parameters: { low: 9 } },
    { snr: 5, kind: 'pink', parameters: { low: 9 } },
  ],
  [{ snr: 5, kind: 'pink', parameters: { low: 50 } }, { kind: 'uniform' }, { snr: 5, kind: 'uniform' }],
  [{ snr: 5, kind: 'pink' }, { noise: { from: ['b'] } }, { snr: 5, noise: { from: ['b'] } }],
  [
    { snr: 5, noise: { from: 'a', fit: 'once' } },
    { noise: { from: ['b'] } },
    { snr: 5, noise: { from: ['b'], fit: 'once' } },
  ],
  [{ snr: 5, noise: { from: 'a' } }, { kind: 'pink' }, { snr: 5, kind: 'pink' }],
  [
    { snr: { values: [0, 5] }, snrMode: 'each', snrReference: 'active', exactSnr: true, silent: 'skip', seed: 1 },
    { sigma: 0.1 },
    { sigma: 0.1, seed: 1 },
  ],
  [{ snr: { values: [0, 5] }, snrMode: 'each', silent: 'skip' }, { snr: [5, 9] }, { snr: [5, 9], silent: 'skip' }],
  [
    { snr: { values: [0, 5] }, snrMode: 'each' },
    { snr: { values: [1, 2] } },
    { snr: { values: [1, 2] }, snrMode: 'each' },
  ],
  [{ sigma: 0.1, clip: 'scale', ceiling: 0.5 }, { clip: false }, { sigma: 0.1, clip: false }],
  [
    { sigma: 0.1, clip: 'scale', ceiling: 0.5 },
    { clip: 'scale', dither: true },
    { sigma: 0.1, clip: 'scale', ceiling: 0.5, dither: true },
  ],
  [{ snr: 5, exactSnr: true }, { noise: { from: ['b'] } }, { snr: 5, noise: { from: ['b'] } }],
  [{ snr: 5, noise: { from: 'a', gap: 1 } }, { noise: { voices: 2 } }, { snr: 5, noise: { from: 'a', voices: 2 } }],
  [{ snr: 5, noise: { from: 'a', gap: 1 } }, { noise: { fit: 'once' } }, { snr: 5, noise: { from: 'a', fit: 'once' } }],
  [
    { snr: 5, noise: { from: 'a', voices: 2, fit: 'once', balance: 'folder' } },
    { noise: { gap: 3 } },
    { snr: 5, noise: { from: 'a', balance: 'folder', gap: 3 } },
  ],
])('of %j and the flags %j, the flags win', (recipe, flags, expected) => {
  const merged = withRecipe(recipe, flags)
  expect(merged).toEqual(expected)
  expect(isRead(merged)).toBe(true)
})

test('add --recipe gives the bytes of the API, and flags win', async () => {
  const cwd = temporaryFolder()
  const recipe = {
    seed: 3,
    copies: 2,
    layers: [
      { name: 'street', noise: { from: 'street' }, snr: [5, 10] },
      { name: 'hiss', dbfs: -50, chance: 0.5 },
    ],
  }
  writeFiles(cwd, {
    'in/a.wav': pcm16(3000),
    'recipes/street/1.wav': pcm16(1000),
    'recipes/street/2.wav': pcm16(9000),
    'recipes/street.json': text(JSON.stringify(recipe)),
  })
  const add = ['add', 'in', '--recipe', 'recipes/street.json', '--json', '--out']
  const { files } = jsonOf(await noisemill([...add, 'out', '--seed', '4'], { cwd }))
  expect(files.map(({ output, seed }) => [path.basename(output), seed]).sort()).toEqual([
    ['a.1.wav', '4'],
    ['a.2.wav', '4'],
  ])
  const [street, hiss] = recipe.layers
  const options = {
    ...{ seed: 4, copies: 2, out: path.join(cwd, 'api') },
    layers: [{ ...street, noise: { from: path.join(cwd, 'recipes/street') } }, hiss],
  } as Parameters<typeof addNoiseToFiles>[1]
  for await (const { status } of addNoiseToFiles(path.join(cwd, 'in'), options)) expect(status).toBe('done')
  for (const name of ['a.1.wav', 'a.2.wav'])
    expect(readFileSync(path.join(cwd, 'out', name))).toEqual(readFileSync(path.join(cwd, 'api', name)))

  const refused = await noisemill([...add, 'more', '--snr', '5'], { cwd })
  expect(refused.code).toBe(2)
  const beside = 'invalid option: expected no `layers` beside it (give it in the layers) but got'
  expect(refused.stderr).toContain(`--snr: ${beside} 5.`)
  for (const [flag, value, got] of [
    ['--noise', 'street', '["street"]'],
    ['--fit', 'once', '"once"'],
    ['--low', '30', '30'],
  ])
    expect((await noisemill([...add, 'more', flag, value], { cwd })).stderr).toContain(`${flag}: ${beside} ${got}.`)
  writeFiles(cwd, { 'recipes/street.json': text('{ "layers": [{ "snr": 5 }, { "snr": 500 }] }') })
  const wrong = await noisemill([...add, 'more'], { cwd })
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toContain(
    'recipes/street.json: the recipe is not valid: layers[1].snr: invalid option: expected',
  )
})
