/** Finds the backends that are available, and runs a test body on each of them. */

import { describe } from 'vitest'
import type { BackendName } from '../../dist/index.js'
import { type Addon, loadAddon } from '../../dist-lib/backends/addon.js'

export const backends: readonly BackendName[] = ['inline', 'workers', 'native']

const loaded = loadAddon()
if ('reason' in loaded && process.env.NOISEMILL_NATIVE === 'require')
  throw new Error(`the addon is missing: ${loaded.reason}`)

/** Whether the addon is available. With NOISEMILL_NATIVE=require, as in CI, its absence is an error. */
export const hasAddon = 'addon' in loaded

export function theAddon(): Addon {
  if ('reason' in loaded) throw new Error(loaded.reason)
  return loaded.addon
}

/** Instruction sets of the addon that this machine supports. */
export const instructionSets: readonly string[] = 'addon' in loaded ? loaded.addon.instructionSets() : []

/** Backends that are available. */
export const present: readonly BackendName[] = backends.filter((name) => name !== 'native' || hasAddon)

/** A `describe` that needs the addon. Without the addon it is skipped, with the reason in its title. */
export function describeNative(behaviour: string, body: () => void): void {
  describe.skipIf(!hasAddon)(hasAddon ? behaviour : `${behaviour} (needs the addon)`, body)
}

/** Runs `body` in a `describe` for each backend. The one for native needs the addon. */
export function describeBackends(behaviour: string, body: (backend: BackendName) => void): void {
  for (const backend of backends) {
    const declare = backend === 'native' ? describeNative : describe
    declare(`${behaviour} [${backend}]`, () => body(backend))
  }
}
