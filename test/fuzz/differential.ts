/**
 * npm run fuzz:differential -- COUNT SEED: processes COUNT mutated files in TypeScript and in its twins. Case i has the seed
 * SEED + i; to repeat a single case, give COUNT 1 and that seed. Files that differ are kept in build-checks/fuzz/findings.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { audioOf, corpus } from '../support/corpus.js'
import { type Case, caseOf, compare, ownFiles, twinNames } from './compare.js'

const findings = fileURLToPath(new URL('../../build-checks/fuzz/findings', import.meta.url))
/** Cases that go to the other half in one trip. */
const BATCH = 64

const [count = 20_000, seed = 1] = process.argv.slice(2).map(Number)
if (!(count >= 1) || !Number.isInteger(seed)) {
  console.error('usage: npm run fuzz:differential -- COUNT SEED')
  process.exit(2)
}
if (twinNames.length === 0) {
  console.error('nothing to compare with: neither the addon nor the WebAssembly kernels are built')
  process.exit(2)
}
const foreign = audioOf().map((name) => readFileSync(path.join(corpus, name)))
const files = [...ownFiles, ...foreign]
console.log(`${ownFiles.length} files of our own, ${foreign.length} of ${corpus}; twins: ${twinNames.join(', ')}`)

const told = new Map<string, number>()
const tell = (what: string) => told.set(what, (told.get(what) ?? 0) + 1)
let different = 0
const base = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'noisemill-fuzz-'))
try {
  for (let first = 0; first < count; first += BATCH) {
    const batch: Case[] = []
    for (let i = first; i < Math.min(count, first + BATCH); i++) batch.push(caseOf(seed + i, files))
    const folder = path.join(base, `${first}`)
    mkdirSync(folder)
    // Alone, a case runs through all of them.
    for (const twin of count === 1 ? twinNames : [twinNames[(first / BATCH) % twinNames.length]]) {
      const { outcomes, differences } = await compare(batch, folder, twin)
      for (const outcome of outcomes) {
        if ('failure' in outcome) tell(outcome.failure.code)
        else for (const what of ['done', ...outcome.figures.warnings]) tell(what)
      }
      for (const { seed: which, what } of differences) {
        different++
        mkdirSync(findings, { recursive: true })
        writeFileSync(path.join(findings, `differential-${which}.wav`), batch.find((one) => one.seed === which)!.input)
        console.log(`seed ${which}, ${twin}: ${what}`)
      }
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
    }
    rmSync(folder, { recursive: true })
  }
} finally {
  rmSync(base, { recursive: true, force: true })
}
for (const [what, times] of [...told].sort(([, a], [, b]) => b - a)) console.log(`${times} ${what}`)
console.log(`${count} cases from seed ${seed}: ${different} differences`)
process.exit(different > 0 ? 1 : 0)
