/** `noisemill status`: what the journals of a folder say. */

import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { shardOf } from '../../dist-lib/files/shard.js'
import { statusOf } from '../../dist-lib/record/status.js'
import { filesOf, writeFiles, writeLongInputs } from '../support/files.js'
import { JOURNAL, temporaryFolder } from '../support/folders.js'
import { type Ended, type Json, linesOf, noisemill, startNoisemill } from '../support/programs.js'
import { posixTest } from '../support/systems.js'
import { inTime, until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

const args = ['add', 'in', '--out', 'out', '--sigma', '0.1']
const names = Array.from({ length: 20 }, (_, i) => `${i % 3}/${i}.wav`)

function place(): string {
  const cwd = temporaryFolder()
  writeFiles(path.join(cwd, 'in'), filesOf(names, 100))
  return cwd
}

async function status(cwd: string): Promise<{ code: number | null; lines: string[]; json: Json; said: Ended }> {
  const said = await noisemill(['status', 'out'], { cwd })
  const { code, stdout, stderr } = await noisemill(['status', 'out', '--json'], { cwd })
  expect([code, stderr, linesOf(stdout).length]).toEqual([said.code, '', 1])
  return { code, lines: linesOf(said.stdout), json: JSON.parse(stdout), said }
}

describe('status', () => {
  test('of a run that has ended', async () => {
    const cwd = place()
    await noisemill(args, { cwd })
    const journal = readFileSync(path.join(cwd, 'out', JOURNAL))
    const { code, lines, json } = await status(cwd)
    expect([code, lines]).toEqual([0, ['all files: ended, 20 done', '20 done. All is done.']])
    expect(json).toEqual({
      type: 'status',
      complete: true,
      done: 20,
      failed: 0,
      running: 0,
      unfinished: 0,
      codes: {},
      failures: [],
      journals: [
        {
          journal: JOURNAL,
          shard: null,
          state: 'ended',
          host: expect.any(String),
          pid: expect.any(Number),
          done: 20,
          failed: 0,
          begun: 0,
        },
      ],
      missing: [],
      next: 'All is done.',
    })
    expect(readFileSync(path.join(cwd, 'out', JOURNAL)).equals(journal)).toBe(true)
  })

  test('names what failed, until it is done', async () => {
    const cwd = place()
    writeFiles(cwd, { 'in/bad.wav': Buffer.from('RIFF'), 'in/odd.wav': Buffer.alloc(100, 'x') })
    expect((await noisemill(args, { cwd })).code).toBe(1)
    const failed = await status(cwd)
    expect(failed.code).toBe(1)
    expect(failed.json).toMatchObject({
      complete: false,
      done: 20,
      failed: 2,
      codes: { E_WAV_TRUNCATED: 1, E_WAV_NOT_RIFF: 1 },
    })
    expect(failed.json.failures).toEqual(
      expect.arrayContaining([
        { output: 'bad.wav', code: 'E_WAV_TRUNCATED' },
        { output: 'odd.wav', code: 'E_WAV_NOT_RIFF' },
      ]),
    )
    expect(failed.lines.at(-1)).toBe(
      '20 done, 2 failed (1 E_WAV_NOT_RIFF, 1 E_WAV_TRUNCATED). Correct what failed, then run the same command with --resume.',
    )
    for (const name of ['bad.wav', 'odd.wav']) writeFileSync(path.join(cwd, 'in', name), pcm16(10))
    await noisemill([...args, '--resume'], { cwd })
    expect((await status(cwd)).json).toMatchObject({ complete: true, done: 22, failed: 0 })
    // Outputs that exist fail, but are done nevertheless.
    await noisemill(args, { cwd })
    expect((await status(cwd)).json).toMatchObject({ complete: true, done: 22, failed: 0, codes: {} })
  })

  test('of shards: which have no journal, and what is done by any of them', async () => {
    const cwd = place()
    const shard = (text: string) => noisemill([...args, '--shard', text, '--resume'], { cwd })
    await shard('1/4')
    await shard('3/4')
    const two = await status(cwd)
    const done = names.filter((name) => [1, 3].includes(shardOf(name, 4))).length
    expect([two.code, two.json.done, two.json.missing]).toEqual([1, done, ['2/4', '4/4']])
    expect(two.lines.at(-1)).toBe(`${done} done, 2 shards without a journal. Run shards 2, 4 of 4 with --resume.`)
    // With another number, all of them are asked for.
    await shard('1/3')
    expect((await status(cwd)).json.missing).toEqual(['2/3', '3/3'])
    await shard('2/3')
    await shard('3/3')
    const all = await status(cwd)
    expect([all.code, all.json.done, all.json.missing]).toEqual([0, 20, []])
    expect(all.lines).toHaveLength(6)
  })

  test('of shards without files, which have ended too', async () => {
    const cwd = temporaryFolder()
    writeFiles(cwd, filesOf(['in/a.wav'], 100))
    for (const shard of ['1/3', '2/3', '3/3']) await noisemill([...args, '--shard', shard], { cwd })
    expect((await status(cwd)).json).toMatchObject({ complete: true, done: 1, missing: [] })
  })

  test('of journals with different settings', async () => {
    const cwd = place()
    await noisemill([...args, '--shard', '1/2'], { cwd })
    await noisemill([...args, '--shard', '2/2', '--seed', '1'], { cwd })
    const { code, json } = await status(cwd)
    expect([code, json.complete]).toEqual([1, false])
    expect(json.next).toContain('different settings')
  })

  test('of runs that a signal ended, that are killed, and that run', async () => {
    for (const [signal, state] of [
      ['SIGTERM', 'stopped'],
      ['SIGKILL', 'stopped'],
    ] as const) {
      const { cwd, running, while_ } = await inTime(30, async (count) => {
        const cwd = temporaryFolder()
        writeLongInputs(path.join(cwd, 'in'), count)
        const running = startNoisemill([...args, '--chunk-size', '1'], { cwd })
        running.ended.catch(() => {})
        let said = ''
        running.child.stdout.on('data', (text) => {
          said += text
        })
        await until(() => said.includes('done'), running)
        const while_ = await statusOf(path.join(cwd, 'out'))
        running.child.kill(signal)
        await running.ended.catch(() => {})
        return while_.journals[0].state === 'running' && !said.includes(`${count} done`)
          ? { cwd, running, while_ }
          : undefined
      })
      expect(while_).toMatchObject({ complete: false, unfinished: 0 })
      expect(while_.journals[0].pid).toBe(running.child.pid)
      expect(while_.next).toMatch(/^Wait for the runs/)
      const { code, json } = await status(cwd)
      expect([code, json.complete, json.running, json.journals[0].state]).toEqual([1, false, 0, state])
      expect(json.next).toBe('Run the same command with --resume.')
      await noisemill([...args, '--resume'], { cwd })
      expect((await status(cwd)).json).toMatchObject({ complete: true, unfinished: 0 })
    }
  })

  test('of a run on another machine, which may have been killed', async () => {
    const cwd = place()
    await noisemill([...args, '--shard', '1/2'], { cwd })
    const file = path.join(cwd, 'out', `${JOURNAL}-1-of-2`)
    const text = readFileSync(file, 'utf8').replace(/"host":"[^"]*"/, '"host":"elsewhere"')
    writeFileSync(
      `${file.slice(0, -6)}2-of-2`,
      text
        .slice(0, text.lastIndexOf('\n{"end"'))
        .replace(/.*"done".*\n/, '')
        .replaceAll(/"(begin|done)":"/g, '"$1":"other/'),
    )
    const { code, json, lines } = await status(cwd)
    expect([code, json.running]).toEqual([1, 1])
    expect(json.journals[1]).toMatchObject({ state: 'unknown', host: 'elsewhere' })
    expect(lines[1]).toMatch(/^shard 2 of 2: running, or killed \(process \d+ on elsewhere\), /)
  })

  test('is not confused by lines that are cut off, or that are something else', async () => {
    const cwd = place()
    await noisemill(args, { cwd })
    appendFileSync(
      path.join(cwd, 'out', JOURNAL),
      '\n{"done":7,"id":"x-1"}\nnull\n{"end":7}\n{"begin":null,"failed":"a","id":"x-1"}\n{"run":7,"begin":"a","id":"x-1"}\n{"left":"a","id":"x-1"}\n{"done":"0/0.w',
    )
    expect((await status(cwd)).json).toMatchObject({ complete: true, done: 20 })
    expect((await noisemill([...args, '--resume'], { cwd })).code).toBe(0)
  })

  test('counts many outputs', async () => {
    const folder = temporaryFolder()
    const run = { run: 'r', settings: {}, stream: 1, codecs: 2, host: 'h', pids: '', pid: 1, at: 1 }
    const lines = [JSON.stringify(run)]
    const count = 100_000
    for (let i = 0; i < count; i++)
      lines.push(`{"begin":"${i}","id":"r-${i.toString(36)}"}`, `{"done":"${i}","id":"r-${i.toString(36)}"}`)
    lines.push('{"end":"r"}')
    writeFileSync(path.join(folder, JOURNAL), `\n${lines.join('\n')}`)
    expect(await statusOf(folder)).toMatchObject({ complete: true, done: count })
  })

  test('needs a folder with a journal', async () => {
    const cwd = place()
    mkdirSync(path.join(cwd, 'empty'))
    for (const [folder, remedy] of [
      ['empty', 'Name the output folder of a run.'],
      ['none', 'Check its path.'],
      ['in/0/0.wav', 'Name the folder.'],
    ]) {
      const { code, stdout, stderr } = await noisemill(['status', folder], { cwd })
      expect([code, stdout]).toEqual([2, ''])
      expect(linesOf(stderr)).toEqual([expect.stringMatching(new RegExp(`${remedy}.*\\(E_JOURNAL_MISSING\\)$`))])
    }
    // As the first remedy says.
    await noisemill(['add', 'in', '--out', 'empty', '--sigma', '0.1'], { cwd })
    expect((await noisemill(['status', 'empty'], { cwd })).code).toBe(0)
    for (const wrong of [[], ['a', 'b'], ['empty', '--all']])
      expect((await noisemill(['status', ...wrong], { cwd })).code).toBe(2)
  })

  posixTest('says that a journal is something else (needs mkfifo)', async () => {
    const cwd = place()
    mkdirSync(path.join(cwd, 'out'))
    execFileSync('mkfifo', [path.join(cwd, 'out', JOURNAL)])
    const { code, stderr } = await noisemill(['status', 'out'], { cwd })
    expect([code, stderr]).toEqual([4, expect.stringContaining('it is not a file')])
    rmSync(path.join(cwd, 'out', JOURNAL))
  })
})
