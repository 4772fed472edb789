/** Reads JSON from outside field by field, and refuses whatever a message must not have. */

/** What is wrong with a message, in words. */
export class MessageFault extends Error {}

/** Describes a value of JSON in few words. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'object') return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/**
 * A part of a message. Each method reads a field, once, and throws a MessageFault if it is not what it must be. `end`
 * refuses what nothing has read.
 */
export abstract class Part {
  readonly #parent: Part | undefined
  readonly #name: string | number

  /** @param name its name in the parent, or its place in an array */
  constructor(parent: Part | undefined, name: string | number) {
    this.#parent = parent
    this.#name = name
  }

  /** Where it is, in words, such as 'the message.jobs[3]'. Made only for faults, because there are many parts. */
  get at(): string {
    const name = this.#name
    if (this.#parent === undefined) return `${name}`
    return typeof name === 'number' ? `${this.#parent.at}[${name}]` : `${this.#parent.at}.${name}`
  }

  /** Reads a field that may have any value. */
  abstract any(name: string): unknown

  /** Returns the value of a field without reading it: another method must read it too. */
  abstract peek(name: string): unknown

  /** Refuses fields that were not read. */
  abstract end(): void

  /** @param most longest text, in UTF-16 units */
  text(name: string, most: number, form?: RegExp): string {
    const value = this.any(name)
    if (typeof value !== 'string' || value.length > most || form?.test(value) === false)
      throw this.fault(
        name,
        value,
        `a text of up to ${most} characters${form === undefined ? '' : ` like ${form.source}`}`,
      )
    return value
  }

  /** Returns a finite number. */
  number(name: string, minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE): number {
    const value = this.any(name)
    if (typeof value !== 'number' || !(value >= minimum && value <= maximum))
      throw this.fault(name, value, `a number from ${minimum} to ${maximum}`)
    return value
  }

  integer(name: string, minimum: number, maximum: number): number {
    const value = this.number(name, minimum, maximum)
    if (!Number.isInteger(value)) throw this.fault(name, value, 'an integer')
    return value
  }

  flag(name: string): boolean {
    const value = this.any(name)
    if (typeof value !== 'boolean') throw this.fault(name, value, 'true or false')
    return value
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.any(name)
    if (!choices.includes(value as Choice)) throw this.fault(name, value, 'one of the known names')
    return value as Choice
  }

  /** @param most most elements */
  list(name: string, most: number): readonly unknown[] {
    const value = this.any(name)
    if (!Array.isArray(value)) throw this.fault(name, value, 'an array')
    if (value.length > most)
      throw new MessageFault(`${this.at}.${name} has ${value.length} elements, and not up to ${most}`)
    return value
  }

  /** Reads the elements of a list, each as an object. */
  objects<Value>(name: string, most: number, read: (fields: Fields) => Value): Value[] {
    const list = new Row(this.list(name, most), name, this)
    return list.all((value, i) => whole(new Fields(value, i, list), read))
  }

  /** Reads the elements of a list, each as a row. */
  rows<Value>(name: string, most: number, read: (row: Row) => Value): Value[] {
    const list = new Row(this.list(name, most), name, this)
    return list.all((value, i) => whole(new Row(value, i, list), read))
  }

  object(name: string): Fields {
    return new Fields(this.any(name), name, this)
  }

  row(name: string): Row {
    return new Row(this.any(name), name, this)
  }

  fault(name: string, value: unknown, expected: string): MessageFault {
    return new MessageFault(`${this.at}.${name} is ${shown(value)}, and not ${expected}`)
  }
}

/** An object of a message. */
export class Fields extends Part {
  readonly #values: Readonly<Record<string, unknown>>
  /** Number of fields that were read. */
  #read = 0

  constructor(value: unknown, name: string | number, parent?: Part) {
    super(parent, name)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new MessageFault(`${this.at} is ${shown(value)}, and not an object`)
    this.#values = value as Record<string, unknown>
  }

  peek(name: string): unknown {
    return this.#values[name]
  }

  any(name: string): unknown {
    if (!Object.hasOwn(this.#values, name)) throw new MessageFault(`${this.at}.${name} is missing`)
    this.#read++
    return this.#values[name]
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name)
  }

  /** Reads a field with `read` if it is there. */
  optional<Value>(name: string, read: (name: string) => Value): Value | undefined {
    return this.has(name) ? read(name) : undefined
  }

  end(): void {
    const names = Object.keys(this.#values)
    if (names.length > this.#read)
      throw new MessageFault(`${this.at} has an unknown field among ${shown(names.join())}`)
  }
}

/** An array of a message, whose elements are fields in a fixed order: names would be most of a long message. */
export class Row extends Part {
  readonly #values: readonly unknown[]
  /** Number of fields that were read. */
  #read = 0

  constructor(value: unknown, name: string | number, parent?: Part) {
    super(parent, name)
    if (!Array.isArray(value)) throw new MessageFault(`${this.at} is ${shown(value)}, and not an array`)
    this.#values = value
  }

  /** Whether there are more fields. */
  get hasMore(): boolean {
    return this.#read < this.#values.length
  }

  peek(_name: string): unknown {
    return this.#values[this.#read]
  }

  /** Reads all elements. */
  all<Value>(read: (value: unknown, place: number) => Value): Value[] {
    this.#read = this.#values.length
    return this.#values.map(read)
  }

  any(name: string): unknown {
    if (!this.hasMore) throw new MessageFault(`${this.at}.${name} is missing`)
    return this.#values[this.#read++]
  }

  end(): void {
    if (this.hasMore) throw new MessageFault(`${this.at} has more than ${this.#read} elements`)
  }
}

function whole<Read extends Part, Value>(part: Read, read: (part: Read) => Value): Value {
  const made = read(part)
  part.end()
  return made
}
