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
 * An object of a message. Each method reads a field, once, and throws a MessageFault if it is not what it must be. `end`
 * refuses fields that nothing has read.
 */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #at: string
  /** Number of fields that were read. */
  #read = 0

  /** @param at where the object is, in words, such as 'jobs[3]' */
  constructor(value: unknown, at: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new MessageFault(`${at} is ${shown(value)}, and not an object`)
    this.#values = value as Record<string, unknown>
    this.#at = at
  }

  /** Returns a field without reading it: another method must read it too. */
  peek(name: string): unknown {
    return this.#values[name]
  }

  /** Reads a field that may have any value. */
  any(name: string): unknown {
    if (!Object.hasOwn(this.#values, name)) throw this.fault(name, 'present')
    this.#read++
    return this.#values[name]
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name)
  }

  /** @param most longest text, in UTF-16 units */
  text(name: string, most: number, form = /^/): string {
    const value = this.any(name)
    if (typeof value !== 'string' || value.length > most || !form.test(value))
      throw this.fault(name, `a text of up to ${most} characters${form.source === '^' ? '' : ` like ${form.source}`}`)
    return value
  }

  /** Returns a finite number. */
  number(name: string, minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE): number {
    const value = this.any(name)
    if (typeof value !== 'number' || !(value >= minimum && value <= maximum))
      throw this.fault(name, `a number from ${minimum} to ${maximum}`)
    return value
  }

  integer(name: string, minimum: number, maximum: number): number {
    const value = this.number(name, minimum, maximum)
    if (!Number.isInteger(value)) throw this.fault(name, 'an integer')
    return value
  }

  flag(name: string): boolean {
    const value = this.any(name)
    if (typeof value !== 'boolean') throw this.fault(name, 'true or false')
    return value
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.any(name)
    if (!choices.includes(value as Choice)) throw this.fault(name, 'one of the known names')
    return value as Choice
  }

  /** @param most most elements */
  list(name: string, most: number): readonly unknown[] {
    const value = this.any(name)
    if (!Array.isArray(value) || value.length > most) throw this.fault(name, `an array of up to ${most}`)
    return value
  }

  object(name: string): Fields {
    return new Fields(this.any(name), `${this.#at}.${name}`)
  }

  /** Reads a field with `read` if it is there. */
  optional<Value>(name: string, read: (name: string) => Value): Value | undefined {
    return this.has(name) ? read(name) : undefined
  }

  /** Refuses fields that were not read. */
  end(): void {
    const names = Object.keys(this.#values)
    if (names.length > this.#read)
      throw new MessageFault(`${this.#at} has an unknown field among ${shown(names.join())}`)
  }

  fault(name: string, expected: string): MessageFault {
    return new MessageFault(`${this.#at}.${name} is ${shown(this.#values[name])}, and not ${expected}`)
  }
}

/** Reads elements of a list, each as an object. */
export const eachOf = <Value>(values: readonly unknown[], at: string, read: (fields: Fields) => Value): Value[] =>
  values.map((value, i) => {
    const fields = new Fields(value, `${at}[${i}]`)
    const made = read(fields)
    fields.end()
    return made
  })
