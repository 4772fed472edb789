/** Several processes that run one command in one folder with --resume: they share the work. */

import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { filesOf, writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, JOURNAL, temporaryFolder } from '../support/folders.js'
import { jsonOf, noisemill, startNoisemill } from '../support/programs.js'
import { Random } from '../support/random.js'
import { bySize } from '../support/size.js'
import { inTime } from '../support/waiting.js'

const add = ['add', 'in', '--sigma', '0.1', '--seed', 'shared', '--jobs', '2', '--json']

function inputs(count: number): { readonly cwd: string; readonly names: readonly string[] } {
  const cwd = temporaryFolder()
  const names = Array.from({ length: count }, (_, i) => `${i % 5}/${i}.wav`).sort()
  writeFiles(path.join(cwd, 'in'), filesOf(names, 100))
  return { cwd, names }
}

/** How often the journal has each output as done. */
function doneLines(cwd: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [, name] of readFileSync(path.join(cwd, 'out', JOURNAL), 'utf8').matchAll(/^\{"done":"([^"]*)"/gm))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

describeBackends('processes', (backend) => {
  const args = [...add, '--backend', backend]
  const whole = async (cwd: string) => {
    await noisemill([...args, '--out', 'whole'], { cwd })
    return hashesBelow(path.join(cwd, 'whole'))
  }

  test.each([2, 3])('%d at once make each output once, and all end well', async (processes) => {
    const { cwd, names } = inputs(bySize(600, 3000))
    const expected = await whole(cwd)
    for (const half of [false, true]) {
      // In the second round, half of the outputs is missing.
      if (half) for (const name of names.slice(names.length / 2)) rmSync(path.join(cwd, 'out', name))
      const before = half ? doneLines(cwd) : new Map<string, number>()
      const ended = await Promise.all(
        Array.from({ length: processes }, () => noisemill([...args, '--out', 'out', '--resume'], { cwd })),
      )
      expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(ended.map(() => [0, '']))
      const made: string[] = []
      for (const { files, summary } of ended.map(jsonOf)) {
        expect(files.map(({ key }) => key).sort()).toEqual(names)
        expect(summary).toMatchObject({ failed: 0, skipped: names.length - summary.done })
        made.push(...files.filter(({ status }) => status === 'done').map(({ key }) => key))
      }
      expect(made.sort()).toEqual(half ? names.slice(names.length / 2) : names)
      for (const [name, count] of doneLines(cwd))
        expect([name, count - (before.get(name) ?? 0)]).toEqual([name, made.includes(name) ? 1 : 0])
      expect(hashesBelow(path.join(cwd, 'out'))).toEqual(expected)
    }
  })

  test('one of two is killed, and the other does its work too', async () => {
    const random = new Random(bySize(7, 8))
    for (let round = 0; round < bySize(2, 6); round++) {
      const [first, second] = [random.below(2), random.below(200)]
      const { cwd, names, survivor } = await inTime(400, async (count) => {
        const { cwd, names } = inputs(count)
        const runs = [0, 1].map(() => startNoisemill([...args, '--out', 'out', '--resume'], { cwd }))
        const killed = runs[first]
        let lines = 0
        killed.child.stdout.on('data', (text: string) => {
          lines += text.split('\n').length - 1
          if (lines > second) killed.child.kill('SIGKILL')
        })
        const [hasEnded, survivor] = await Promise.all([
          killed.ended.then(
            () => true,
            () => false,
          ),
          runs[1 - first].ended,
        ])
        return hasEnded ? undefined : { cwd, names, survivor }
      })
      expect([survivor.code, survivor.stderr]).toEqual([0, ''])
      const { files, summary } = jsonOf(survivor)
      expect(files.map(({ key }) => key).sort()).toEqual(names)
      expect(summary).toMatchObject({ failed: 0, skipped: names.length - summary.done })
      expect(filesBelow(path.join(cwd, 'out'))).toEqual(names)
      expect(hashesBelow(path.join(cwd, 'out'))).toEqual(await whole(cwd))
    }
  })
})
