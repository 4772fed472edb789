// Makes the JSON schemas of dist from the declarations in dist/index.d.ts, so they have every field by themselves:
// report.schema.json, of the rows of reports, whose columns CSV reports take, and recipe.schema.json.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { TypeFlags } from 'typescript'
import { noiseKinds } from '../dist-lib/core/noise/kinds.js'
import { GAP, VOICES } from '../dist-lib/core/noise/recorded.js'
import { MAX_LAYERS } from '../dist-lib/plan/layers.js'
import { MAX_VALUES, NOISE_LEVELS, OUTPUT_LEVEL } from '../dist-lib/plan/levels.js'
import { CEILING, COPIES } from '../dist-lib/plan/options.js'
import { root } from './commands.mjs'
import { declaredType, described, docOf, isOptional, Schemas, typeOf } from './declarations.mjs'

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const reports = new Schemas()

/** The rows of several interfaces: the fields that they have in common, and for each interface what differs. */
function schemaOfRows(common, variants) {
  const names = common.getProperties().map(({ name }) => name)
  const properties = {}
  const required = []
  const differences = variants.map(() => ({ properties: {}, required: [] }))
  for (const name of names) {
    const fields = variants.map((variant) => variant.getProperty(name))
    const types = fields.map((field) => typeOf(field))
    const schema = reports.ofUnion(types.flatMap((type) => (type.isUnion() ? type.types : [type])))
    const description = [...new Set(fields.map(docOf))].join(' ')
    properties[name] = described(schema, description)
    const isAlways = !fields.some(isOptional)
    if (isAlways) required.push(name)
    for (const [i, difference] of differences.entries()) {
      const isNever = (types[i].flags & TypeFlags.Undefined) !== 0
      const own = isNever ? false : reports.of(types[i])
      if (JSON.stringify(own) !== JSON.stringify(schema)) difference.properties[name] = own
      if (!isAlways && !isOptional(fields[i])) difference.required.push(name)
    }
  }
  const anyOf = differences.map(({ properties, required }) => ({
    properties,
    ...(required.length > 0 && { required }),
  }))
  return { type: 'object', properties, required, anyOf }
}

/** Numbers of recipes, by the name of their field. */
const ranges = {
  ...NOISE_LEVELS,
  level: OUTPUT_LEVEL,
  ceiling: CEILING,
  chance: { minimum: 0, maximum: 1 },
  copies: { type: 'integer', ...COPIES },
  voices: { type: 'integer', ...VOICES },
  gap: GAP,
  seed: { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
}

/** Gives all numbers in a schema a range. */
function withRange(schema, range) {
  if (Array.isArray(schema)) return schema.map((part) => withRange(part, range))
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.entries(schema).map(([name, part]) => [name, withRange(part, range)])
  return { ...Object.fromEntries(parts), ...(schema.type === 'number' && range) }
}

const text = { type: 'string', pattern: '^[^\\u0000]+$' }
const listOf = (items) => ({ anyOf: [items, { type: 'array', items, minItems: 1 }] })
const without = (...names) => ({ properties: Object.fromEntries(names.map((name) => [name, false])) })
const parametersOf = ({ parameters }) =>
  parameters.map(({ name, summary, minimum, maximum }) => [
    name,
    { description: summary, type: 'number', minimum, maximum },
  ])

/** What the types of fields do not say. */
const refinements = {
  kind: () => ({ type: 'string', enum: noiseKinds.map(({ name }) => name) }),
  parameters: () => ({
    type: 'object',
    properties: Object.fromEntries(noiseKinds.flatMap(parametersOf)),
    additionalProperties: false,
  }),
  name: () => text,
  from: () => listOf(text),
  seed: (schema) => ({
    anyOf: schema.anyOf.map((one) => (one.type === 'string' ? { ...one, pattern: '^[^\\u0000]*$' } : one)),
  }),
  values: (schema) => ({ ...schema, minItems: 1, maxItems: MAX_VALUES, uniqueItems: true }),
  noise: (schema) => ({ ...schema, dependentSchemas: { gap: without('voices', 'fit') } }),
  layers: ({ items }) => ({ type: 'array', items: { ...items, ...noiseRules() }, minItems: 1, maxItems: MAX_LAYERS }),
}

function refine(name, schema) {
  const refined = Object.hasOwn(refinements, name) ? refinements[name](schema) : schema
  return Object.hasOwn(ranges, name) ? withRange(refined, ranges[name]) : refined
}

/** The rules about several fields of one noise. */
const noiseRules = (...others) => ({
  oneOf: [...Object.keys(NOISE_LEVELS), ...others].map((name) => ({ required: [name] })),
  dependentRequired: { exactSnr: ['snr'] },
  dependentSchemas: { noise: without('kind', 'parameters', 'exactSnr') },
})

const hasSnr = {
  anyOf: [
    { required: ['snr'] },
    {
      required: ['layers'],
      properties: { layers: { type: 'array', contains: { type: 'object', required: ['snr'] } } },
    },
  ],
}

function recipeSchema() {
  const recipes = new Schemas({ isClosed: true, refine })
  const names = declaredType('NoiseSpec').getProperties()
  const schema = recipes.ofFields([...names, declaredType('NoiseOptions').getProperty('copies')])
  const rules = noiseRules('layers')
  return {
    ...schema,
    properties: { $schema: { description: 'Where this schema is.', type: 'string' }, ...schema.properties },
    ...rules,
    dependentRequired: { ...rules.dependentRequired, pick: ['layers'] },
    dependentSchemas: {
      ...rules.dependentSchemas,
      layers: without('kind', 'parameters', 'noise', 'exactSnr'),
      ceiling: { properties: { clip: { const: 'scale' } }, required: ['clip'] },
      ...{ silent: hasSnr, snrReference: hasSnr, snrMode: hasSnr },
    },
  }
}

function writeSchema(name, title, description, schema) {
  const text = JSON.stringify(
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:noisemill:${name}:${version}`,
      title: `${title} of noisemill ${version}`,
      description,
      ...schema,
    },
    null,
    2,
  )
  writeFileSync(path.join(root, `dist/${name}.schema.json`), `${text}\n`)
}

writeSchema(
  'report',
  'A row of a report',
  'A line of the file of `noisemill add --report`, of the output of `noisemill add --json` without its summary, or a result of addNoiseToFiles as JSON. Later versions may add fields.',
  schemaOfRows(declaredType('FileFigures'), declaredType('FileResult').types),
)
writeSchema(
  'recipe',
  'A recipe',
  'The file of `noisemill add --recipe`: options of the API that describe noise.',
  recipeSchema(),
)
