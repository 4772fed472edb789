/** Rows of `npm run bench -- --against` that no other run has: they are quick, and vary little. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { missingAddon, nodeProgram } from '../harness/commands.js'
import { type ComparedRow, steppedRow } from '../harness/compared.js'
import { tone } from '../harness/tones.js'
import type { Place } from '../harness/workload.js'

const FILES = 16

async function makeFiles({ inputs }: Place): Promise<void> {
  for (let i = 0; i < FILES; i++) {
    const bytes = tone({ format: 'pcm16', sampleRate: 16_000, frames: 16_000, frequency: 200 + i })
    writeFileSync(path.join(inputs, `${i}.wav`), bytes)
  }
}

const filesRow = (name: string, backend: string, label: string, rest: Pick<ComparedRow, 'missing'> = {}) =>
  steppedRow(name, label, (place) => nodeProgram(place, 'against.js', 'files', backend, place.inputs, place.out), {
    prepare: makeFiles,
    ...rest,
  })

const row = (name: string, label: string, ...args: readonly string[]) =>
  steppedRow(name, label, (place) => nodeProgram(place, 'against.js', ...args))

export const againstRows = [
  filesRow('files/native', 'native', `${FILES} short files, native`, { missing: missingAddon }),
  filesRow('files/workers', 'workers', `${FILES} short files, worker threads`),
  row('samples/thread', 'samples in memory, one thread', 'samples', 'auto'),
  row('samples/typescript', 'samples in memory, TypeScript kernel', 'samples', 'ts'),
  row('pool/items', 'small items through a pool', 'items'),
]
