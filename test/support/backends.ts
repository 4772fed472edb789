/** One body per behaviour, run on every backend. */

import { describe } from 'vitest'
import type { BackendName } from '../../dist/index.js'
import { loadAddon } from '../../dist-lib/backends/addon.js'

export const backends: readonly BackendName[] = ['inline', 'workers', 'native']

const loaded = loadAddon()
const isMissing = (backend: BackendName) => backend === 'native' && !('addon' in loaded)

/**
 * Runs `body` in a `describe` for each backend. Where the addon is missing native is skipped by name, or fails if
 * NOISEMILL_NATIVE is "require", as in CI.
 */
export function describeBackends(behaviour: string, body: (backend: BackendName) => void): void {
  for (const backend of backends) {
    if (isMissing(backend) && process.env.NOISEMILL_NATIVE === 'require')
      throw new Error(`the addon is missing: ${'reason' in loaded ? loaded.reason : ''}`)
    describe.skipIf(isMissing(backend))(`${behaviour} [${backend}]`, () => body(backend))
  }
}
