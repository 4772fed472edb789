// JSON schemas of the types that dist/index.d.ts declares.
import path from 'node:path'
import ts from 'typescript'
import { root } from './commands.mjs'

const source = path.join(root, 'dist/index.d.ts')
const program = ts.createProgram([source], { strict: true, types: [] })
const checker = program.getTypeChecker()

export function declaredType(name) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(source))
  const found = checker.getExportsOfModule(module).find((symbol) => symbol.name === name)
  const symbol = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found
  return checker.getDeclaredTypeOfSymbol(symbol)
}

export const typeOf = (symbol) => checker.getTypeOfSymbol(symbol)

export const docOf = (symbol) =>
  ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll(/\s+/g, ' ')

export const isOptional = (symbol) => (symbol.flags & ts.SymbolFlags.Optional) !== 0

export const described = (schema, description) => (description === '' ? schema : { description, ...schema })

/** Makes schemas of types. */
export class Schemas {
  /**
   * @param isClosed whether objects have no other fields than those declared
   * @param refine changes the schema of a field, whose name it gets
   */
  constructor({ isClosed = false, refine = (_name, schema) => schema } = {}) {
    this.isClosed = isClosed
    this.refine = refine
  }

  /** The schema of a type, as JSON.stringify shows its values. */
  of(type) {
    const { flags } = type
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {}
    if (flags & ts.TypeFlags.BooleanLike) return { type: 'boolean' }
    if (type.isUnion()) return this.ofUnion(type.types)
    if (flags & ts.TypeFlags.Null) return { type: 'null' }
    if (type.isStringLiteral()) return { type: 'string', enum: [type.value] }
    if (type.isNumberLiteral()) return { type: 'number', enum: [type.value] }
    if (flags & ts.TypeFlags.StringLike) return { type: 'string' }
    if (flags & ts.TypeFlags.NumberLike) return { type: 'number' }
    if (checker.isTupleType(type)) return this.#ofTuple(checker.getTypeArguments(type))
    if (checker.isArrayType(type)) return { type: 'array', items: this.of(checker.getTypeArguments(type)[0]) }
    if (flags & ts.TypeFlags.Object) return this.#ofObject(type)
    throw new Error(`there is no schema of ${checker.typeToString(type)}`)
  }

  #ofTuple(elements) {
    const prefixItems = elements.map((element) => this.of(element))
    return { type: 'array', prefixItems, minItems: elements.length, maxItems: elements.length }
  }

  /** Texts become one enumeration, and null becomes a type of the only other schema. JSON has no undefined and no bigint. */
  ofUnion(types) {
    const absent = ts.TypeFlags.Undefined | ts.TypeFlags.BigIntLike
    const all = types.filter(({ flags }) => !(flags & absent)).map((type) => this.of(type))
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

  #ofObject(type) {
    const toJson = type.getProperty('toJSON')
    if (toJson) return this.of(checker.getSignaturesOfType(typeOf(toJson), ts.SignatureKind.Call)[0].getReturnType())
    const values = type.getStringIndexType()
    if (values) return { type: 'object', additionalProperties: this.of(values) }
    return this.ofFields(type.getProperties())
  }

  /** The schema of an object that has these fields. */
  ofFields(fields) {
    const properties = fields.map((field) => [
      field.name,
      described(this.refine(field.name, this.of(typeOf(field))), docOf(field)),
    ])
    const required = fields.filter((field) => !isOptional(field)).map(({ name }) => name)
    return {
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required.length > 0 && { required }),
      ...(this.isClosed && { additionalProperties: false }),
    }
  }
}
