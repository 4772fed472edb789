/** An addon or WebAssembly module that was built from other sources is refused when it is loaded. */

import { describe, expect, test } from 'vitest'
import { Border, type Contract, contractFault } from '../../dist-lib/backends/border.js'
import { compileKernels } from '../../dist-lib/core/kernels-wasm.js'
import { describeNative, hasAddon, theAddon } from '../support/backends.js'
import { jobFor } from '../support/jobs.js'

const lists = (hasAddon ? Object.keys(theAddon().contract) : []) as (keyof Contract)[]

describeNative('the names of all that crosses', () => {
  test('are those of the addon that was built with this code', () => {
    expect(contractFault(theAddon().contract)).toBeUndefined()
  })

  test.each(lists)('%s: one that is missing, or unknown, is named', (list) => {
    const { contract } = theAddon()
    const [first] = contract[list]
    expect(contractFault({ ...contract, [list]: contract[list].slice(1) })).toContain(`${list} differ in "${first}"`)
    expect(contractFault({ ...contract, [list]: [...contract[list], 'other'] })).toContain(`${list} differ in "other"`)
  })

  test('an addon without names, and sample formats in another order, are refused', () => {
    const { contract } = theAddon()
    expect(contractFault(undefined)).toContain('another version')
    const sampleFormats = contract.sampleFormats.toReversed()
    expect(contractFault({ ...contract, sampleFormats })).toContain('order')
  })

  test('numbers go where the addon expects them, whatever its order', () => {
    const { contract } = theAddon()
    const other = {
      ...contract,
      fileNumbers: contract.fileNumbers.toReversed(),
      noiseNumbers: contract.noiseNumbers.toReversed(),
    }
    const job = { ...jobFor('', 'a', 'out', { level: 0.5, key: { low: 3, high: 4 } }), strict: true }
    const named = (names: Contract) => {
      const { numbers } = new Border(names).packFiles([job])
      const order = [...names.fileNumbers, ...names.noiseNumbers]
      return Object.fromEntries(order.map((name, i) => [name, numbers[i]]))
    }
    expect(named(other)).toEqual(named(contract))
    expect(named(contract)).toMatchObject({ strict: 1, fsync: 0, keyLow: 3, keyHigh: 4 })
  })
})

describe('WebAssembly', () => {
  test('a module that is not the one of this code is refused', () => {
    // An empty module: the magic number and version 1.
    expect(() => compileKernels(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toThrow(/built from other sources/)
  })
})
