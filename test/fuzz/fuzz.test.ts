/** Short runs of the fuzzers: the long ones are `npm run fuzz` and `npm run fuzz:differential`. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { audioOf, corpus, corpusTest } from '../support/corpus.js'
import { temporaryFolder } from '../support/folders.js'
import { isLong } from '../support/size.js'
import { isWindows } from '../support/systems.js'
import { inTime } from '../support/waiting.js'
import { caseOf, compare, ownFiles, twinNames } from './compare.js'

const SEED = 20_240_901
const CASES = 400

/** Whether this machine can build the fuzz targets: a clang that has libFuzzer, and cmake. They have sanitizers of their own. */
function hasLibFuzzer(): boolean {
  if (isWindows || process.env.NOISEMILL_SANITIZER) return false
  const target = 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'
  const flags = ['-fsanitize=fuzzer,address,undefined', '-x', 'c++', '-', '-o', '/dev/null']
  return spawnSync('clang++', flags, { input: target }).status === 0 && spawnSync('cmake', ['--version']).status === 0
}

describe.skipIf(twinNames.length === 0)('mutated files (needs the addon or the WebAssembly kernels)', () => {
  async function compareAll(files: readonly Buffer[], seed: number): Promise<number> {
    let done = 0
    for (const [i, twin] of twinNames.entries()) {
      const cases = Array.from({ length: CASES }, (_, n) => caseOf(seed + i * CASES + n, files))
      const { outcomes, differences } = await compare(cases, temporaryFolder(), twin)
      expect(differences).toEqual([])
      done += outcomes.filter((outcome) => 'figures' in outcome).length
    }
    return done
  }

  test('have the same outcomes, figures and bytes from both halves', async () => {
    // Mutations that spare none would compare refusals alone.
    expect(await compareAll(ownFiles, SEED)).toBeGreaterThan((CASES * twinNames.length) / 10)
  })

  corpusTest('of the corpus do as well', async () => {
    const files = audioOf().map((name) => readFileSync(path.join(corpus, name)))
    expect(await compareAll(files, SEED)).toBeGreaterThan((CASES * twinNames.length) / 20)
  })
})

test.skipIf(!isLong || !hasLibFuzzer())(
  'the fuzz targets of native core find nothing (needs NOISEMILL_TESTS=long, clang with libFuzzer, and cmake; not on Windows)',
  async () => {
    const program = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url))
    await inTime(4, async (seconds) => {
      const { status, stderr } = spawnSync(process.execPath, [program, `${seconds}`], { encoding: 'utf8' })
      expect(status, stderr.slice(-4000)).toBe(0)
      for (const target of ['reader', 'etl']) expect(stderr).toContain(`fuzz: ${target}, ${seconds} s`)
      const runs = Array.from(stderr.matchAll(/number_of_executed_units: (\d+)/g), ([, count]) => Number(count))
      expect(runs).toHaveLength(2)
      return Math.min(...runs) > 300 || undefined
    })
  },
)
