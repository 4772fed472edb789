/**
 * The pool's own thread, in which something happens at a call of a thread that shares `long.wav`. The plan and the cells
 * come by environment data; see test/backends/shared-files.test.ts.
 */

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { getEnvironmentData, threadId } from 'node:worker_threads'

const { who, call, nth, action, cells } = getEnvironmentData('noisemill.sharing')
const [OWNER, REACHED, CALLS, READS, GATE, IS_OVER] = [0, 1, 2, 4, 6, 7]
const original = { ...fs }

/** What the descriptors of this thread are of: 'input' or 'output'. */
const kinds = new Map()
let role
let calls = 0
let ownReads = 0

const reached = () => {
  Atomics.store(cells, REACHED, 1)
  Atomics.notify(cells, REACHED)
}

const actions = {
  nothing() {},
  die() {
    process.exit(1)
  },
  wait() {
    Atomics.wait(cells, GATE, 0)
  },
  waitAndDie() {
    actions.wait()
    actions.die()
  },
  replace(file) {
    original.renameSync(file.replace('long.wav', 'other.wav'), file)
  },
}

function before(name, kind, file) {
  Atomics.add(cells, CALLS + (role === 'owner' ? 0 : 1), 1)
  if (name === 'readSync') Atomics.add(cells, READS + (role === 'owner' ? 0 : 1), 1)
  // Its first read is that of the header; then it walks parts. It lets the helper come first.
  if (role === 'owner' && name === 'readSync' && ++ownReads === 2) Atomics.wait(cells, REACHED, 0)
  if (role !== who || (call !== 'any' && call !== `${name} ${kind}`) || ++calls !== nth) return
  if (Atomics.load(cells, IS_OVER) === 1) return
  reached()
  if (action in actions) actions[action](file)
  else {
    // Long enough for an owner that does not wait for the closing of the file to end.
    if (name === 'closeSync') Atomics.wait(cells, GATE, 0, 200)
    throw Object.assign(new Error(action), { code: action })
  }
}

fs.openSync = (file, flags, ...rest) => {
  const name = String(file)
  const kind = name.endsWith('long.wav') ? 'input' : name.endsWith('.tmp') ? 'output' : undefined
  if (kind === undefined) return original.openSync(file, flags, ...rest)
  if (kind === 'input') {
    Atomics.compareExchange(cells, OWNER, 0, threadId)
    role = Atomics.load(cells, OWNER) === threadId ? 'owner' : 'helper'
  }
  before('openSync', kind, name)
  // What the system refuses to all but root.
  if (kind === 'output' && role === 'helper' && (original.statSync(file).mode & 0o200) === 0)
    throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
  const descriptor = original.openSync(file, flags, ...rest)
  kinds.set(descriptor, kind)
  return descriptor
}

for (const name of ['fstatSync', 'readSync', 'writeSync', 'closeSync']) {
  fs[name] = (descriptor, ...rest) => {
    const kind = kinds.get(descriptor)
    if (name === 'closeSync') kinds.delete(descriptor)
    if (kind !== undefined) before(name, kind)
    return original[name](descriptor, ...rest)
  }
}
syncBuiltinESMExports()

await import('../../../dist/thread-entry.js')
