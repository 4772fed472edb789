/** `--shard`: its values, what array jobs say of themselves, and what the command tells of it. */

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { readShard } from '../../dist-lib/cli/shard.js'
import { shardOf } from '../../dist-lib/files/shard.js'
import { filesOf, writeFiles } from '../support/files.js'
import { hashesBelow, temporaryFolder } from '../support/folders.js'
import { jsonOf, linesOf, noisemill, rowsOf } from '../support/programs.js'

/** What SLURM sets for `--array=FIRST-LAST:STEP`, or for a list of indexes. */
const slurm = (id: number, indexes: readonly number[], step = 1) => ({
  SLURM_ARRAY_TASK_ID: `${id}`,
  SLURM_ARRAY_TASK_MIN: `${Math.min(...indexes)}`,
  SLURM_ARRAY_TASK_MAX: `${Math.max(...indexes)}`,
  SLURM_ARRAY_TASK_COUNT: `${indexes.length}`,
  SLURM_ARRAY_TASK_STEP: `${step}`,
})
const aws = (index: number, size: number) => ({
  AWS_BATCH_JOB_ARRAY_INDEX: `${index}`,
  AWS_BATCH_JOB_ARRAY_SIZE: `${size}`,
})

describe('--shard auto', () => {
  test.each<[string, Record<string, string>, string, string]>([
    ['auto', slurm(1, [1, 2, 3, 4]), '1/4', 'SLURM_ARRAY_TASK_ID'],
    ['auto', slurm(4, [1, 2, 3, 4]), '4/4', 'SLURM_ARRAY_TASK_ID'],
    ['auto', slurm(0, [0, 1, 2]), '1/3', 'SLURM_ARRAY_TASK_ID'],
    ['auto', slurm(7, [1, 3, 5, 7], 2), '4/4', 'SLURM_ARRAY_TASK_ID'],
    ['auto', slurm(12, [10, 11, 12]), '3/3', 'SLURM_ARRAY_TASK_ID'],
    ['auto/4', slurm(2, [1, 2, 3, 4]), '2/4', 'SLURM_ARRAY_TASK_ID'],
    ['auto', aws(0, 10), '1/10', 'AWS_BATCH_JOB_ARRAY_INDEX'],
    ['auto', aws(9, 10), '10/10', 'AWS_BATCH_JOB_ARRAY_INDEX'],
    ['auto/8', { JOB_COMPLETION_INDEX: '0' }, '1/8', 'JOB_COMPLETION_INDEX'],
    ['auto/8', { JOB_COMPLETION_INDEX: '7' }, '8/8', 'JOB_COMPLETION_INDEX'],
    ['auto/8', { JOB_COMPLETION_INDEX: '7', SLURM_ARRAY_TASK_ID: '' }, '8/8', 'JOB_COMPLETION_INDEX'],
  ])('takes %s from %j: %s', (text, environment, shard, from) => {
    expect(readShard(text, environment)).toEqual({ shard, from })
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['auto', {}, /SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX and JOB_COMPLETION_INDEX.*none of them/],
    ['auto/8', {}, /none of them/],
    [
      'auto',
      { ...slurm(1, [1, 2]), ...aws(0, 2) },
      /in the environment but got SLURM_ARRAY_TASK_ID and AWS_BATCH_JOB_ARRAY_INDEX/,
    ],
    ['auto', slurm(5, [1, 5, 7]), /without gaps, such as --array=1-8 but got 3 indexes from 1 to 7.*as K\/N/],
    ['auto', slurm(1, [1, 2, 4]), /without gaps/],
    ['auto', { JOB_COMPLETION_INDEX: '0' }, /auto\/N, because JOB_COMPLETION_INDEX does not say how many/],
    ['auto/8', slurm(3, [3]), /expected 8 tasks but got an array job of 1 task\. Give the shard itself, as K\/N/],
    ['auto/8', aws(3, 9), /expected 8 tasks but got an array job of 9 tasks/],
    ['auto', { SLURM_ARRAY_TASK_ID: 'one' }, /an integer in SLURM_ARRAY_TASK_ID but got "one"/],
    ['auto', { ...aws(0, 2), AWS_BATCH_JOB_ARRAY_SIZE: '-2' }, /an integer in AWS_BATCH_JOB_ARRAY_SIZE/],
    ['auto/', slurm(1, [1]), /K\/N, auto or auto\/N/],
    ['auto/0', slurm(1, [1]), /K\/N, auto or auto\/N/],
    ['auto/x', slurm(1, [1]), /K\/N, auto or auto\/N/],
  ])('refuses %s with %j', (text, environment, message) => {
    expect(() => readShard(text, environment)).toThrow(
      expect.objectContaining({ code: 'E_OPTION_INVALID', option: '--shard', message: expect.stringMatching(message) }),
    )
  })
})

const names = Array.from({ length: 20 }, (_, i) => `${i % 3}/${i}.wav`)
const args = ['add', 'in', '--out', 'out', '--sigma', '0.1']

function place(): string {
  const cwd = temporaryFolder()
  writeFiles(path.join(cwd, 'in'), filesOf(names, 100))
  return cwd
}

describe('noisemill add --shard', () => {
  test('does its share, as an array job says; all together are one run', async () => {
    const cwd = place()
    const tasks = [0, 1, 2].map((index) => aws(index, 3))
    for (const [i, env] of tasks.entries()) {
      const ended = await noisemill([...args, '--shard', 'auto', '--json', '--report', `${i}.jsonl`], { cwd, env })
      expect([ended.code, ended.stderr]).toEqual([
        0,
        `noisemill: shard ${i + 1} of 3, from AWS_BATCH_JOB_ARRAY_INDEX.\n`,
      ])
      const expected = names.filter((name) => shardOf(name, 3) === i + 1).sort()
      expect(
        jsonOf(ended)
          .files.map(({ key }) => key)
          .sort(),
      ).toEqual(expected)
      expect(jsonOf(ended).summary.done).toBe(expected.length)
      expect(rowsOf(path.join(cwd, `${i}.jsonl`))).toHaveLength(expected.length)
    }
    await noisemill(['add', 'in', '--out', 'whole', '--sigma', '0.1'], { cwd })
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual(hashesBelow(path.join(cwd, 'whole')))
  })

  test('says that a shard has no files, and ends with 0', async () => {
    const cwd = temporaryFolder()
    writeFiles(cwd, filesOf(['in/a.wav'], 100))
    const empty = shardOf('a.wav', 2) === 1 ? 2 : 1
    const { code, stdout, stderr } = await noisemill([...args, '--shard', `${empty}/2`], { cwd })
    expect([code, stderr]).toEqual([0, `noisemill: shard ${empty} of 2 has no files: other shards have them all.\n`])
    expect(linesOf(stdout)).toEqual([expect.stringMatching(/^0 done: /)])
    const quiet = await noisemill([...args, '--shard', `${empty}/2`, '--quiet'], { cwd })
    expect(quiet).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test.each(['9/8', '0/8', 'three', ''])('refuses %j with exit code 2', async (shard) => {
    const cwd = place()
    const { code, stdout, stderr } = await noisemill([...args, '--shard', shard], { cwd })
    expect([code, stdout]).toEqual([2, ''])
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/^noisemill: --shard: invalid option: expected K\/N.*\(E_OPTION_INVALID\)$/),
    ])
  })

  test('refuses a report that would be the journal of a shard', async () => {
    const cwd = place()
    const report = ['--report', 'out/.noisemill-journal-2-of-3']
    writeFiles(cwd, { 'out/keep': Buffer.alloc(0) })
    const { code, stderr } = await noisemill([...args, '--shard', '1/3', ...report], { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining('(E_REPORT_CLASH)')])
  })
})
