/** Runs the check of installed packages on this package, and shows that it reports a difference. */

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { root, temporaryFolder } from '../support/folders.js'
import golden from '../vectors/outputs.json' with { type: 'json' }

const program = fileURLToPath(new URL('run.mjs', import.meta.url))

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const ended = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NOISEMILL_ISA: '', ...env },
  })
  expect(ended.stderr).toBe('')
  const [, ...lines] = ended.stdout.trimEnd().split('\n')
  return { status: ended.status, last: lines.pop(), kinds: new Set(lines.map((line) => line.split(' ')[0])) }
}

test('says that this package makes the pinned bytes', () => {
  expect(run([root])).toEqual({
    status: 0,
    last: 'All are as they should be.',
    kinds: new Set(['same', 'absent']),
  })
})

test('tells of each output that is another', () => {
  const [first, second] = golden.vectors
  const vectors = temporaryFolder()
  const changed = { ...golden, vectors: [{ ...first, output: second.output }, second] }
  writeFileSync(path.join(vectors, 'outputs.json'), JSON.stringify(changed))
  const { status, last, kinds } = run([root, vectors], {
    NOISEMILL_NATIVE: 'off',
    NOISEMILL_WASM: 'off',
  })
  // Of workers and inline, each by three functions.
  expect([status, last]).toEqual([1, '6 differ.'])
  expect(kinds).toContain('DIFFER')
})
