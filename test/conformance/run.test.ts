/** Runs the check of installed packages on this package, and shows that it reports a difference. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { root, sharedFolder } from '../support/folders.js'
import { linesOf, start } from '../support/programs.js'
import golden from '../vectors/outputs.json' with { type: 'json' }

const vectors = sharedFolder()
const program = fileURLToPath(new URL('run.mjs', import.meta.url))

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = [process.execPath, program, ...args]
  const { code, stdout, stderr } = await start(command, { env: { NOISEMILL_ISA: '', ...env } }).ended
  expect(stderr).toBe('')
  const [, ...lines] = linesOf(stdout)
  return { code, last: lines.pop(), kinds: new Set(lines.map((line) => line.split(' ')[0])) }
}

test.concurrent('says that this package makes the pinned bytes', async () => {
  expect(await run([root])).toEqual({
    code: 0,
    last: 'All are as they should be.',
    kinds: new Set(['same', 'absent']),
  })
})

test.concurrent('tells of each output that is another', async () => {
  const [first, second] = golden.vectors
  const changed = { ...golden, vectors: [{ ...first, output: second.output }, second] }
  writeFileSync(path.join(vectors, 'outputs.json'), JSON.stringify(changed))
  const { code, last, kinds } = await run([root, vectors], {
    NOISEMILL_NATIVE: 'off',
    NOISEMILL_WASM: 'off',
  })
  // Of workers and inline, each by three functions.
  expect([code, last]).toEqual([1, '6 differ.'])
  expect(kinds).toContain('DIFFER')
})
