/** Reads JSON that people write, and says where it has a fault. */

/** The next token: a mark, a string, or another value. */
const TOKEN =
  /(?:([{}[\],:])|("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/y
const SPACE = /[ \t\n\r]*/y

/** A place in a text; both numbers begin at 1. */
export interface TextPlace {
  readonly line: number
  readonly column: number
}

/** Returns the value of JSON, which may begin with a byte order mark, or the place of its first fault. */
export function readJson(text: string): { readonly value: unknown } | { readonly fault: TextPlace } {
  const json = text.startsWith('\ufeff') ? text.slice(1) : text
  try {
    return { value: JSON.parse(json) }
  } catch {
    // Most messages of engines do not have the place.
    const before = json.slice(0, faultAt(json)).split('\n')
    return { fault: { line: before.length, column: before[before.length - 1].length + 1 } }
  }
}

/** What may come next: a value, a name, a colon, or what follows a value. An opened array or object may also end. */
type Expected = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'end'

/** Returns the index of the first character that is not JSON. */
function faultAt(text: string): number {
  const open: string[] = []
  let expected: Expected = 'value'
  for (let at = 0; ; at = TOKEN.lastIndex) {
    SPACE.lastIndex = at
    SPACE.test(text)
    const start = SPACE.lastIndex
    TOKEN.lastIndex = start
    const [token, mark, string] = TOKEN.exec(text) ?? []
    const next: Expected | undefined =
      token === undefined ? undefined : after(expected, mark ?? (string ? 'string' : 'value'), open)
    if (next === undefined) return start
    expected = next
  }
}

/**
 * Returns what may follow a token; undefined if the token must not be there.
 *
 * @param open the marks that end the open arrays and objects
 */
function after(expected: Expected, token: string, open: string[]): Expected | undefined {
  const isEnd = token === open.at(-1) && ['end', 'value or ]', 'name or }'].includes(expected)
  if (isEnd && (expected === 'end' || expected.endsWith(token))) {
    open.pop()
    return 'end'
  }
  switch (expected) {
    case 'value':
    case 'value or ]':
      if (token === '{' || token === '[') {
        open.push(token === '{' ? '}' : ']')
        return token === '{' ? 'name or }' : 'value or ]'
      }
      return token === 'string' || token === 'value' ? 'end' : undefined
    case 'name':
    case 'name or }':
      return token === 'string' ? 'colon' : undefined
    case 'colon':
      return token === ':' ? 'value' : undefined
    case 'end':
      if (token !== ',' || open.length === 0) return undefined
      return open.at(-1) === '}' ? 'name' : 'value'
  }
}
