/** Runs that end early, and runs that resume them. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { filesOf, writeFiles, writeLongInputs } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, JOURNAL, temporaryFolder } from '../support/folders.js'
import { bin, jsonOf, linesOf, noisemill, start, startNoisemill } from '../support/programs.js'
import { bySize } from '../support/size.js'
import { isWindows, mountVolume, posixTest, underLimit } from '../support/systems.js'
import { inTime } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

const levels = ['--sigma', '0.1', '--seed', 'resume']

/** Starts a run and kills it once it has said so many lines. Resolves to whether it was still there to be killed. */
async function killedAfter(lines: number, args: readonly string[], cwd: string): Promise<boolean> {
  const running = startNoisemill(args, { cwd })
  let said = 0
  running.child.stdout.on('data', (text: string) => {
    said += linesOf(text).length
    if (said >= lines) running.child.kill('SIGKILL')
  })
  return running.ended.then(
    () => false,
    () => true,
  )
}

/** The calls of a trace, in the order in which they ended: one that others came between is two lines there. */
function callsOf(trace: string): string[] {
  const begun = new Map<string, string>()
  return linesOf(trace).flatMap((line) => {
    const [, pid, call] = /^(\d+) +(.*)$/.exec(line)!
    const unfinished = call.indexOf(' <unfinished ...>')
    if (unfinished >= 0) {
      begun.set(pid, call.slice(0, unfinished))
      return []
    }
    return call.replace(/^<\.\.\. \w+ resumed>/, begun.get(pid) ?? '')
  })
}

describeBackends('a run', (backend) => {
  const flags = ['--backend', backend, '--jobs', '2']

  test('that is killed repeatedly finishes with the same bytes as one that is not killed', async () => {
    const args = ['add', 'in', '--out', 'out', ...levels, ...flags, '--resume']
    const { cwd, count } = await inTime(bySize(16, 40), async (count) => {
      const cwd = temporaryFolder()
      writeLongInputs(path.join(cwd, 'in'), count)
      // After numbers of lines that are fixed, in moments that are not; what is skipped is a line as well.
      let killed = 0
      for (const lines of [1, 2, 4, 9, 13, 22, 30].filter((lines) => lines < count))
        if (await killedAfter(lines, args, cwd)) killed++
      return killed === 0 ? undefined : { cwd, count }
    })
    const before = filesBelow(path.join(cwd, 'out')).filter((file) => !isTemporary(file))
    expect(before.length).toBeGreaterThan(0)
    const ended = await noisemill([...args, '--json'], { cwd })
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    const { summary } = jsonOf(ended)
    expect(summary.done + summary.skipped).toBe(count)
    // What was killed between an output and its line is done twice, in each of the runs two at most, and one that
    // waited.
    expect(summary.skipped).toBeLessThanOrEqual(before.length)
    await noisemill(['add', 'in', '--out', 'whole', ...levels, ...flags], { cwd })
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual(hashesBelow(path.join(cwd, 'whole')))
  })

  posixTest(
    'that is interrupted goes on as its last line says, and adds to its report (needs POSIX signals)',
    async () => {
      const args = ['add', 'in', '--out', 'out', ...levels, ...flags, '--report', 'r.jsonl']
      const { cwd, names, first } = await inTime(300, async (count) => {
        const cwd = temporaryFolder()
        const names = Array.from({ length: count }, (_, i) => `${i}.wav`)
        writeFiles(path.join(cwd, 'in'), filesOf(names, 100))
        const running = startNoisemill(args, { cwd })
        running.child.stdout.once('data', () => running.child.kill('SIGTERM'))
        const first = await running.ended
        return filesBelow(path.join(cwd, 'out')).length === count ? undefined : { cwd, names, first }
      })
      expect(first.code).toBe(143)
      const [, done, left] = /^noisemill: interrupted; (\d+) files? done, (\d+) left to do\./.exec(first.stderr)!
      expect(Number(done) + Number(left)).toBe(names.length)
      expect(filesBelow(path.join(cwd, 'out')).length).toBe(Number(done))
      // As a kill in the middle of a line would leave it.
      writeFileSync(path.join(cwd, 'r.jsonl'), '{"input":"in/', { flag: 'a' })

      const { code, stdout, stderr } = await noisemill([...args, '--resume'], { cwd })
      expect([code, stderr]).toEqual([0, ''])
      expect(linesOf(stdout).at(-1)).toMatch(new RegExp(`^${left} done, ${done} skipped: `))
      expect(linesOf(stdout).filter((line) => /^skipped {2}out\/\d+\.wav$/.test(line)).length).toBe(Number(done))
      const report = linesOf(readFileSync(path.join(cwd, 'r.jsonl'), 'utf8'))
      expect(report[Number(done)]).toBe('{"input":"in/')
      const statuses = report.filter((_, i) => i !== Number(done)).map((line) => JSON.parse(line).status)
      expect(statuses.filter((status) => status === 'done').length).toBe(names.length)
      expect(statuses.filter((status) => status === 'skipped').length).toBe(Number(done))
    },
  )

  posixTest('with --overwrite goes on as its last line says, twice (needs POSIX signals)', async () => {
    const { run, both, cwd } = await inTime(12, async (count) => {
      const cwd = temporaryFolder()
      writeLongInputs(path.join(cwd, 'in'), count)
      const run = (sigma: string, out: string, ...more: string[]) =>
        startNoisemill(['add', 'in', '--sigma', sigma, '--out', out, ...flags, '--chunk-size', '1', ...more], { cwd })
      const interrupted = (flag: string) => {
        const running = run('0.2', 'out', flag)
        running.child.stdout.on('data', (text: string) => {
          if (!running.child.killed && /^done /m.test(text)) running.child.kill('SIGINT')
        })
        return running.ended
      }
      await run('0.1', 'out').ended
      const both = [await interrupted('--overwrite'), await interrupted('--resume')]
      // All are done, or none is left to do.
      const isLate = both.some(({ code, stderr }) => code === 0 || stderr.includes(', 0 left to do.'))
      return isLate ? undefined : { run, both, cwd }
    })
    expect(both.map(({ code }) => code)).toEqual([130, 130])
    const remedies = both.map(({ stderr }) => /\d left to do\. Run the same command with (.*)/.exec(stderr)?.[1])
    expect(remedies).toEqual(['--resume instead of --overwrite to go on.', '--resume to go on.'])
    const { code, stderr } = await run('0.2', 'out', '--resume').ended
    expect([code, stderr]).toEqual([0, ''])
    await run('0.2', 'whole').ended
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual(hashesBelow(path.join(cwd, 'whole')))
  })

  test('beside another into the same folder: each output is made by one of them, and all are done', async () => {
    const cwd = temporaryFolder()
    const names = Array.from({ length: 200 }, (_, i) => `${i}.wav`)
    writeFiles(path.join(cwd, 'in'), filesOf(names, 100))
    const args = ['add', 'in', ...levels, ...flags, '--json']
    const both = await Promise.all([1, 2].map(() => noisemill([...args, '--out', 'out'], { cwd })))
    const results = both.flatMap((ended) => jsonOf(ended).files)
    const done = results.filter(({ status }) => status === 'done')
    expect(done.map(({ key }) => key).sort()).toEqual([...names].sort())
    const codes = results.flatMap(({ error }) => error?.code ?? [])
    expect(codes).toEqual(Array(names.length).fill('E_OUTPUT_EXISTS'))
    // What the one failed it has not taken from the other.
    const resumed = jsonOf(await noisemill([...args, '--out', 'out', '--resume'], { cwd }))
    expect(resumed.summary).toMatchObject({ done: 0, skipped: names.length, failed: 0 })
    // And both at once go on from the same journal.
    for (const name of names.slice(0, 50)) writeFileSync(path.join(cwd, 'out', name), '')
    const again = await Promise.all([1, 2].map(() => noisemill([...args, '--out', 'out', '--resume'], { cwd })))
    if (isWindows) {
      // None replaces there what the other is just replacing, and says so.
      const failed = again.flatMap((ended) => jsonOf(ended).files).flatMap(({ error }) => error?.code ?? [])
      expect(failed).toEqual(failed.map(() => 'E_OUTPUT_PUBLISH'))
      expect((await noisemill([...args, '--out', 'out', '--resume'], { cwd })).code).toBe(0)
    } else expect(again.map(({ code }) => code)).toEqual([0, 0])
    await noisemill([...args, '--out', 'whole'], { cwd })
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual(hashesBelow(path.join(cwd, 'whole')))
  })

  posixTest('needs few descriptors at a time, however many files there are (needs ulimit)', async () => {
    const cwd = temporaryFolder()
    const names = Array.from({ length: 400 }, (_, i) => `${i % 20}/${i}.wav`)
    writeFiles(path.join(cwd, 'in'), filesOf(names, 100))
    // Node itself has some 20, and each of four threads a few for its loop besides the two files.
    const args = ['add', 'in', '--out', 'out', ...levels, '--backend', backend, '--jobs', '4', '--quiet']
    const { code, stderr } = await start(underLimit('-n 80', [process.execPath, bin, ...args]), { cwd }).ended
    expect([code, stderr]).toEqual([0, ''])
    expect(filesBelow(path.join(cwd, 'out')).length).toBe(names.length)
  })

  const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
  test.skipIf(!canTrace)(
    'with --fsync: on the disk is the content before the name, the name before the end (needs strace)',
    async () => {
      const cwd = temporaryFolder()
      writeFiles(cwd, { 'in/a.wav': pcm16(), 'in/sub/b.wav': pcm16() })
      const calls = 'trace=openat,mkdir,write,pwrite64,fsync,fdatasync,rename,renameat2,link'
      const traced = ['strace', '-f', '-y', '-qq', '-e', calls, '-s', '1000', '-o', 'trace', process.execPath, bin]
      const { code } = await start([...traced, 'add', 'in', '--out', 'out', ...levels, ...flags, '--fsync'], { cwd })
        .ended
      expect(code).toBe(0)
      const lines = callsOf(readFileSync(path.join(cwd, 'trace'), 'utf8'))
      const find = (pattern: RegExp, from = 0) => {
        const at = lines.findIndex((line, i) => i >= from && pattern.test(line))
        expect(at, `${pattern} from ${from} in\n${lines.filter((line) => line.includes('out')).join('\n')}`).not.toBe(
          -1,
        )
        return at
      }
      for (const [folder, name] of [
        ['out', 'a.wav'],
        ['out/sub', 'b.wav'],
      ]) {
        const intent = find(new RegExp(`write\\(.*${JOURNAL}.*begin.*${name}`))
        const recorded = find(new RegExp(`fdatasync.*${JOURNAL}`), intent)
        const created = find(new RegExp(`openat.*${folder}/\\.${name}.*O_CREAT`), recorded)
        const content = find(new RegExp(`fsync\\(.*/${folder}/\\.${name}`), created)
        const named = find(new RegExp(`(rename|renameat2|link)\\(.*${folder}/${name}`), content)
        const folded = find(new RegExp(`fsync\\(\\d+<.*/${folder}>`), named)
        const done = find(new RegExp(`write\\(.*${JOURNAL}.*done.*${name}`), folded)
        find(new RegExp(`fdatasync.*${JOURNAL}`), done)
      }
      // The folders that were made are names in others.
      find(new RegExp(`fsync\\(\\d+<${cwd}>`))
      find(new RegExp(`fsync\\(\\d+<${cwd}/out>`), find(/mkdir\(.*out\/sub/))
    },
  )
})

test('exits with 2 for other settings, and together with --overwrite', async () => {
  const cwd = temporaryFolder()
  writeFiles(cwd, { 'in/a.wav': pcm16() })
  const args = ['add', 'in', '--out', 'out', '--sigma', '0.1']
  expect((await noisemill(args, { cwd })).code).toBe(0)
  for (const [more, code] of [
    [['--seed', '1', '--resume'], 'E_RESUME_SETTINGS'],
    [['--resume', '--overwrite'], 'E_OPTION_INVALID'],
  ] as const) {
    const ended = await noisemill([...args, ...more], { cwd })
    expect([ended.code, ended.stdout]).toEqual([2, ''])
    expect(linesOf(ended.stderr)).toEqual([expect.stringContaining(`(${code})`)])
  }
})

test('exits with 4 if the journal cannot be written, because it is a folder', () =>
  expectNoJournal((file) => mkdirSync(file)))

posixTest.each<[string, (file: string) => void]>([
  ['a link (needs symbolic links)', (file) => symlinkSync('../elsewhere', file)],
  ['a pipe (needs mkfifo)', (file) => execFileSync('mkfifo', [file])],
])('exits with 4 where the journal cannot be written, being %s', (_, make) => expectNoJournal(make))

async function expectNoJournal(make: (file: string) => void) {
  const cwd = temporaryFolder()
  writeFiles(cwd, { 'in/a.wav': pcm16(), 'out/kept': Buffer.from('kept') })
  make(path.join(cwd, 'out', JOURNAL))
  const { code, stdout, stderr } = await noisemill(['add', 'in', '--out', 'out', ...levels], { cwd })
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
  expect(linesOf(stderr)).toEqual([
    expect.stringMatching(new RegExp(`^noisemill: out[/\\\\]${JOURNAL}: .*\\(E_JOURNAL\\)$`)),
  ])
  expect(filesBelow(path.join(cwd, 'out'))).toEqual(['kept'])
  expect(existsSync(path.join(cwd, 'elsewhere'))).toBe(false)
}

posixTest(
  'exits with 4 where there is no room for the journal, before anything is written (needs mount)',
  async ({ skip }) => {
    const cwd = temporaryFolder()
    writeFiles(cwd, { 'in/a.wav': pcm16() })
    const volume = mountVolume(cwd, 'size=64k') ?? skip('mounting is not permitted')
    spawnSync('sh', ['-c', 'cat /dev/zero > filler'], { cwd: volume })
    const { code, stdout, stderr } = await noisemill(['add', 'in', '--out', 'volume', ...levels], { cwd })
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/^noisemill: .*the volume is full \(ENOSPC\).*\(E_VOLUME_FULL\)$/),
    ])
    expect(filesBelow(volume)).toEqual(['filler'])
  },
)

posixTest('continues when there is room again (needs mount)', async ({ skip }) => {
  const cwd = temporaryFolder()
  const names = Array.from({ length: 8 }, (_, i) => `${i}.wav`)
  writeFiles(path.join(cwd, 'in'), filesOf(names, 30_000))
  const volume = mountVolume(cwd, 'size=300k') ?? skip('mounting is not permitted')
  const args = ['add', 'in', '--out', 'volume/out', ...levels]
  const full = await noisemill(args, { cwd })
  expect(full.code).toBe(4)
  expect(full.stderr).toContain('(E_VOLUME_FULL)')
  const before = filesBelow(path.join(volume, 'out'))
  expect(before.length).toBeGreaterThan(0)
  spawnSync('mount', ['-o', 'remount,size=4m', volume])
  const { summary } = jsonOf(await noisemill([...args, '--resume', '--json'], { cwd }))
  expect(summary).toMatchObject({ done: names.length - before.length, skipped: before.length, failed: 0 })
  await noisemill(['add', 'in', '--out', 'whole', ...levels], { cwd })
  expect(hashesBelow(path.join(volume, 'out'))).toEqual(hashesBelow(path.join(cwd, 'whole')))
})

posixTest('exits with 4 for a volume that is read-only (needs mount)', async ({ skip }) => {
  const cwd = temporaryFolder()
  writeFiles(cwd, { 'in/a.wav': pcm16() })
  const volume = mountVolume(cwd, 'size=1m') ?? skip('mounting is not permitted')
  const args = ['add', 'in', '--out', 'volume', ...levels]
  for (const more of [[], ['--resume']]) {
    spawnSync('mount', ['-o', 'remount,ro', volume])
    const { code, stderr } = await noisemill([...args, ...more], { cwd })
    expect([code, linesOf(stderr)]).toEqual([4, [expect.stringContaining('EROFS')]])
    // With a journal there is still nothing that can be done, and no more is said.
    spawnSync('mount', ['-o', 'remount,rw', volume])
    await noisemill(args, { cwd })
  }
})
