// Errors of every sort, each by its name.
import { readFileSync } from 'node:fs'

class BrokenPipe extends RangeError {
  constructor(message, pipe) {
    super(message)
    this.name = 'BrokenPipe'
    this.pipe = pipe
  }
}

const sorts = {
  system: () => readFileSync('/nowhere/at/all'),
  own() {
    throw Object.assign(new BrokenPipe('no flow', { width: 3 }), { code: 'E_PIPE', callback: () => {} })
  },
  causes() {
    try {
      readFileSync('/nowhere/at/all')
    } catch (cause) {
      throw new TypeError('outer', { cause: new Error('middle', { cause }) })
    }
  },
  several() {
    throw new AggregateError([new BrokenPipe('one', 1), 'two', new AggregateError([new SyntaxError('three')])], 'all')
  },
  inside() {
    const inner = Object.assign(new BrokenPipe('inner', 2), { code: 'E_INNER' })
    throw Object.assign(new Error('outside'), { inner, signal: AbortSignal.abort().reason, bytes: Buffer.from('ab') })
  },
  nameless_class() {
    class NotFound extends TypeError {}
    throw new NotFound('no name of its own')
  },
  instance() {
    throw new (class Temperature {
      degrees = 3
    })()
  },
  abort: () => AbortSignal.abort().throwIfAborted(),
  async timeout() {
    const signal = AbortSignal.timeout(1)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    signal.throwIfAborted()
  },
  circle() {
    const error = new Error('round')
    error.cause = error
    throw error
  },
  // Their code or class has no text, or a name that all objects have.
  textless_code() {
    throw Object.assign(new Error('odd'), { code: { toString: 1 } })
  },
  textless_value() {
    throw { code: { toString: 1 }, constructor: { name: { toString: 1 } } }
  },
  inherited_code() {
    throw Object.assign(new Error('odd'), { code: 'constructor' })
  },
  proxy() {
    const { proxy, revoke } = Proxy.revocable(new Error('gone'), {})
    revoke()
    throw proxy
  },
  nameless() {
    throw Object.assign(new Error('no name'), { name: Object.create(null) })
  },
  many() {
    const error = new AggregateError([])
    error.errors.push(error, error, error)
    throw error
  },
  hostile() {
    throw Object.defineProperty(new Error('hostile'), 'code', {
      enumerable: true,
      get() {
        throw new Error('no')
      },
    })
  },
}

export const fail = (sort) => sorts[sort]()
export const prepare = () => sorts.own()
export const throwIt = (thrown) => {
  throw thrown
}
