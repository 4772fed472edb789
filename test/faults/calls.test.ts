/** Makes each system call of a run on its files fail once: first the first call, then the second, and so on. */

import { cpSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { present } from '../support/backends.js'
import { sha256 } from '../support/folders.js'
import { bySize, isFull, isOwn } from '../support/size.js'
import {
  type Expected,
  expectAllOrNone,
  expectCompletes,
  expectHonest,
  type Fault,
  type Place,
  placeWith,
  preload,
  runWithFault,
  startOver,
  WITH_STEMS,
} from './place.js'

const { EIO, ENOSPC, EINTR, EACCES, EDQUOT, EMFILE } = constants.errno

/** A call and how it fails; those of the short form first. */
const faults: readonly (Fault & Pick<Expected, 'told'> & { readonly short?: boolean })[] = [
  { call: 'open', error: EIO, short: true },
  { call: 'read', error: EIO, short: true },
  { call: 'write', error: ENOSPC, short: true },
  { call: 'close', error: EIO, short: true },
  { call: 'name', error: EIO, lasts: true, short: true },
  { call: 'stat', error: EIO, short: true },
  { call: 'readdir', error: EIO, short: true, told: /\bin\b.*: reading failed \(EIO\).*\(E_INPUT_READ\)$/ },
  { call: 'read', error: 'cut', short: true },
  { call: 'open', error: EACCES },
  { call: 'open', error: EMFILE },
  { call: 'open', error: EINTR },
  { call: 'open', error: ENOSPC, lasts: true },
  { call: 'read', error: EIO, lasts: true },
  { call: 'read', error: EINTR },
  { call: 'read', error: 'short' },
  { call: 'read', error: 'remove', short: true },
  { call: 'write', error: EIO },
  { call: 'write', error: EIO, lasts: true },
  { call: 'write', error: EDQUOT, lasts: true },
  { call: 'write', error: EINTR },
  { call: 'write', error: 'short' },
  { call: 'close', error: EINTR },
  { call: 'close', error: ENOSPC },
  { call: 'name', error: EIO },
  { call: 'name', error: ENOSPC },
  { call: 'name', error: EACCES },
  { call: 'sync', error: EIO },
  { call: 'sync', error: ENOSPC },
  { call: 'truncate', error: EIO },
  { call: 'chmod', error: EIO },
  { call: 'mkdir', error: ENOSPC },
  { call: 'unlink', error: EIO },
  { call: 'unlink', error: ENOSPC },
]

const isShort = ({ short = false }: { short?: boolean }) => short
const MOST_CALLS = 200

/** Runs with the first such call failing, the second, and so on. Returns how many there were. */
async function failEach(
  place: Place,
  fault: Fault,
  flags: readonly string[],
  expected: Expected & { old?: Buffer; hasStems?: boolean } = {},
): Promise<number> {
  const saved = path.join(path.dirname(place.cwd), `${path.basename(place.cwd)}-inputs`)
  const changesInputs = fault.error === 'cut' || fault.error === 'remove'
  if (changesInputs) cpSync(path.join(place.cwd, 'in'), saved, { recursive: true, preserveTimestamps: true })
  for (let nth = 1; nth < MOST_CALLS; nth++) {
    startOver(place, expected.old)
    const { ended, fired } = await runWithFault(place, [...place.args, ...flags], fault, nth)
    const title = `${fault.call} ${nth} fails with ${fault.error}${fault.lasts ? ', as all after it' : ''}, ${flags.join(' ')}`
    const mayChange = changesInputs && fired
    expectHonest(place, ended, title, { ...expected, mayChange, mayLeaveTemporaries: fault.call === 'unlink' })
    if (expected.hasStems) expectAllOrNone(place, title)
    if (!fired) {
      expect(ended.code, title).toBe(0)
      rmSync(saved, { recursive: true, force: true })
      return nth - 1
    }
    if (mayChange) cpSync(saved, path.join(place.cwd, 'in'), { recursive: true, preserveTimestamps: true })
    if (isFull || nth % 4 === 1) await expectCompletes(place, flags, title)
  }
  throw new Error(`more than ${MOST_CALLS} calls`)
}

describe.skipIf(preload === undefined)('a call that fails (needs Linux and a C compiler)', () => {
  // Workers do on several threads what the plain loop does on one.
  const backends = bySize(
    present.filter((name) => name !== 'workers'),
    present,
  )
  for (const [at, backend] of backends.entries()) {
    const flags = ['--backend', backend, '--jobs', backend === 'inline' ? '1' : '2']
    const name = (fault: Fault) => `${fault.call}, ${fault.error}${fault.lasts ? ' from then on' : ''}`

    const own = isFull ? faults : faults.filter(isShort)
    for (const fault of own.filter((_, i) => isOwn(i, at, backends.length))) {
      test(`${name(fault)} [${backend}]`, async () => {
        const { call, told } = fault
        const expected = told === undefined ? {} : { told }
        const calls = await failEach(
          await placeWith(),
          fault,
          call === 'sync' ? [...flags, '--fsync'] : flags,
          expected,
        )
        if (isShort(fault)) expect(calls).toBeGreaterThanOrEqual(['name', 'stat'].includes(fault.call) ? 3 : 4)
        console.log(`${name(fault)} [${backend}]: ${calls} calls`)
      })
    }

    // What is to be replaced is there until the new file is.
    const replacing: Fault[] = [
      { call: 'write', error: ENOSPC },
      { call: 'name', error: EIO },
      { call: 'open', error: EIO },
      { call: 'close', error: EIO },
    ]
    for (const fault of replacing.filter((_, i) => isFull || isOwn(i, at, backends.length))) {
      test(`${name(fault)}, with stems [${backend}]`, async () => {
        const calls = await failEach(await placeWith(undefined, WITH_STEMS), fault, flags, { hasStems: true })
        expect(calls).toBeGreaterThan(8)
        console.log(`${name(fault)}, with stems [${backend}]: ${calls} calls`)
      })
    }
    if (!isFull) continue
    for (const fault of replacing) {
      test(`${name(fault)}, with outputs to replace and a report [${backend}]`, async () => {
        const old = Buffer.from('what was there')
        const place = await placeWith()
        const more = [...flags, '--overwrite', '--report', 'report.jsonl']
        const calls = await failEach(place, fault, more, { old, before: sha256(old) })
        expect(calls).toBeGreaterThan(2)
        console.log(`${name(fault)}, replacing [${backend}]: ${calls} calls`)
      })
    }
  }
})
