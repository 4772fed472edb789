/** `add --doctor`: the diagnosis after the summary, and in the summary of --json. */

import path from 'node:path'
import { expect, test } from 'vitest'
import { textInFlags } from '../../dist-lib/cli/flag-words.js'
import { writeFiles } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { jsonOf, linesOf, noisemill } from '../support/programs.js'
import { pcm16 } from '../support/wav.js'

/** What a run that adds noise is told about. */
const SUBJECTS = ['files', 'disk', 'source', 'consumer', 'largest', 'backend', 'machine', 'cpu']
const FILES = 20

function workplace(): string {
  const cwd = temporaryFolder()
  const files = Array.from({ length: FILES }, (_, i) => [`${i}.wav`, pcm16()] as const)
  writeFiles(path.join(cwd, 'in'), Object.fromEntries(files))
  return cwd
}

const args = ['add', 'in', '--out', 'out', '--snr', '10', '--doctor']

test('the diagnosis comes after the summary, one line for each subject', async () => {
  const { code, stdout, stderr } = await noisemill(args, { cwd: workplace() })
  const lines = linesOf(stdout)
  const summary = lines.findIndex((line) => line.startsWith(`${FILES} done`))
  const [head, ...verdicts] = lines.slice(summary + 1)
  expect(head).toMatch(/^(No problem was found in|A run of .* had \d problems?)/)
  expect(verdicts.map((line) => /^ {2}(?:problem|fine|unknown) +(\S+) +[A-Z].*\.$/.exec(line)?.[1]).sort()).toEqual(
    SUBJECTS.toSorted(),
  )
  expect([code, stderr]).toEqual([0, ''])
})

test('without the addon, it says which backend was chosen and why', async () => {
  const { stdout } = await noisemill(args, { cwd: workplace(), env: { NOISEMILL_NATIVE: 'off' } })
  expect(stdout).toMatch(
    /^ {2}problem {2}backend +The backend is workers \(no addon: .*NOISEMILL_NATIVE.*To get the addon, /m,
  )
})

test('--json has the verdicts in the summary, and null without --doctor', async () => {
  const { files, summary } = jsonOf(await noisemill([...args, '--json'], { cwd: workplace() }))
  expect(files).toHaveLength(FILES)
  expect(summary.doctor.map(({ subject }: { subject: string }) => subject).sort()).toEqual(SUBJECTS.toSorted())
  for (const verdict of summary.doctor)
    expect(verdict).toEqual({
      subject: expect.any(String),
      state: expect.stringMatching(/^(problem|fine|unknown)$/),
      milliseconds: verdict.state === 'problem' && verdict.subject !== 'backend' ? expect.any(Number) : null,
      text: expect.any(String),
      remedy: verdict.state === 'problem' ? expect.any(String) : null,
    })
  const without = await noisemill([...args.slice(0, -1), '--json'], { cwd: workplace() })
  expect(jsonOf(without).summary.doctor).toBeNull()
})

test('--quiet prints no diagnosis', async () => {
  expect(await noisemill([...args, '--quiet'], { cwd: workplace() })).toMatchObject({ stdout: '', stderr: '' })
})

test('options are named by their flags', () => {
  expect(textInFlags('Use a larger `size`, or leave out `fsync`; see `other`.')).toBe(
    'Use a larger --jobs, or leave out --fsync; see `other`.',
  )
})
