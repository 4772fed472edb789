// Makes dist/report.schema.json: the JSON schema of the rows of reports. It is made of the declaration of FileResult in
// dist/index.d.ts, so it has every field by itself. CSV reports take their columns from it.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { root } from './commands.mjs'

const source = path.join(root, 'dist/index.d.ts')
const program = ts.createProgram([source], { strict: true, types: [] })
const checker = program.getTypeChecker()
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

function declaredType(name) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(source))
  const found = checker.getExportsOfModule(module).find((symbol) => symbol.name === name)
  const symbol = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found
  return checker.getDeclaredTypeOfSymbol(symbol)
}

const docOf = (symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll(/\s+/g, ' ')

const isOptional = (symbol) => (symbol.flags & ts.SymbolFlags.Optional) !== 0

/** The schema of a type, as JSON.stringify shows its values. */
function schemaOf(type) {
  const { flags } = type
  if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {}
  if (flags & ts.TypeFlags.BooleanLike) return { type: 'boolean' }
  if (type.isUnion()) return schemaOfUnion(type.types)
  if (flags & ts.TypeFlags.Null) return { type: 'null' }
  if (type.isStringLiteral()) return { type: 'string', enum: [type.value] }
  if (type.isNumberLiteral()) return { type: 'number', enum: [type.value] }
  if (flags & ts.TypeFlags.StringLike) return { type: 'string' }
  if (flags & ts.TypeFlags.NumberLike) return { type: 'number' }
  if (checker.isTupleType(type)) return schemaOfTuple(checker.getTypeArguments(type))
  if (checker.isArrayType(type)) return { type: 'array', items: schemaOf(checker.getTypeArguments(type)[0]) }
  if (flags & ts.TypeFlags.Object) return schemaOfObject(type)
  throw new Error(`there is no schema of ${checker.typeToString(type)}`)
}

function schemaOfTuple(elements) {
  return { type: 'array', prefixItems: elements.map(schemaOf), minItems: elements.length, maxItems: elements.length }
}

/** Texts become one enumeration, and null becomes a type of the only other schema. */
function schemaOfUnion(types) {
  const all = types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined)).map(schemaOf)
  const schemas = [...new Map(all.map((schema) => [JSON.stringify(schema), schema])).values()]
  const texts = schemas.filter(({ type, enum: values }) => type === 'string' && values)
  const others = schemas.filter((schema) => !texts.includes(schema) && schema.type !== 'null')
  if (texts.length > 0) others.unshift({ type: 'string', enum: texts.flatMap((text) => text.enum) })
  const isNullable = schemas.some(({ type }) => type === 'null')
  if (others.length === 1 && !isNullable) return others[0]
  if (others.length === 1 && typeof others[0].type === 'string') {
    const [{ type, enum: values, ...rest }] = others
    return { type: [type, 'null'], ...(values && { enum: [...values, null] }), ...rest }
  }
  return { anyOf: [...others, ...(isNullable ? [{ type: 'null' }] : [])] }
}

function schemaOfObject(type) {
  const toJson = type.getProperty('toJSON')
  if (toJson)
    return schemaOf(
      checker.getSignaturesOfType(checker.getTypeOfSymbol(toJson), ts.SignatureKind.Call)[0].getReturnType(),
    )
  const values = type.getStringIndexType()
  if (values) return { type: 'object', additionalProperties: schemaOf(values) }
  const fields = type.getProperties()
  const properties = fields.map((field) => [
    field.name,
    described(schemaOf(checker.getTypeOfSymbol(field)), docOf(field)),
  ])
  const required = fields.filter((field) => !isOptional(field)).map(({ name }) => name)
  return { type: 'object', properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) }
}

const described = (schema, description) => (description === '' ? schema : { description, ...schema })

/** The rows of several interfaces: the fields that they have in common, and for each interface what differs. */
function schemaOfRows(common, variants) {
  const names = common.getProperties().map(({ name }) => name)
  const properties = {}
  const required = []
  const differences = variants.map(() => ({ properties: {}, required: [] }))
  for (const name of names) {
    const fields = variants.map((variant) => variant.getProperty(name))
    const types = fields.map((field) => checker.getTypeOfSymbol(field))
    const schema = schemaOfUnion(types.flatMap((type) => (type.isUnion() ? type.types : [type])))
    const description = [...new Set(fields.map(docOf))].join(' ')
    properties[name] = described(schema, description)
    const isAlways = !fields.some(isOptional)
    if (isAlways) required.push(name)
    for (const [i, difference] of differences.entries()) {
      const isNever = (types[i].flags & ts.TypeFlags.Undefined) !== 0
      const own = isNever ? false : schemaOf(types[i])
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

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:noisemill:report:${version}`,
  title: `A row of a report of noisemill ${version}`,
  description:
    'A line of the file of `noisemill add --report`, of the output of `noisemill add --json` without its summary, or a result of addNoiseToFiles as JSON. Later versions may add fields.',
  ...schemaOfRows(declaredType('FileFigures'), declaredType('FileResult').types),
}
writeFileSync(path.join(root, 'dist/report.schema.json'), `${JSON.stringify(schema, null, 2)}\n`)
