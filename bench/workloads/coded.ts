/** Files in other codings than PCM: what decoding costs. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { missingAddon, missingCommand, missingPackage, nodeProgram } from '../harness/commands.js'
import { nodeLimit } from '../harness/limits.js'
import { checkOutputs } from '../harness/outputs.js'
import { JOBS, SIGMA } from '../harness/settings.js'
import { wayContender } from '../harness/ways.js'
import type { Contender, Missing, Place, Workload } from '../harness/workload.js'

const FILES = 8
const FRAMES = 1_000_000
const RATE = 16_000

interface Coding {
  readonly label: string
  /** What SoX calls it; undefined for the PCM that the others are made of. */
  readonly encoding?: string
}

const codings: Readonly<Record<string, Coding>> = {
  pcm: { label: 'PCM, 16 bits' },
  'a-law': { label: 'A-law', encoding: 'a-law' },
  'mu-law': { label: 'mu-law', encoding: 'u-law' },
  'ima-adpcm': { label: 'IMA ADPCM', encoding: 'ima-adpcm' },
  'ms-adpcm': { label: 'MS ADPCM', encoding: 'ms-adpcm' },
}

const folderOf = ({ inputs }: Place, coding: string) => path.join(inputs, coding)
const missingSox = (): Promise<Missing | undefined> => missingCommand('sox', 'apt-get install sox')

/** @throws Error with SoX's words, if it fails */
function sox(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('sox', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`sox failed: ${stderr || error?.message}`)
}

function writeCoded(place: Place): void {
  for (const coding of Object.keys(codings)) mkdirSync(folderOf(place, coding))
  for (let i = 0; i < FILES; i++) {
    const name = `${i}.wav`
    const plain = path.join(folderOf(place, 'pcm'), name)
    sox('-R', '-n', '-r', String(RATE), '-b', '16', plain, 'synth', String(FRAMES / RATE), 'pinknoise')
    for (const [coding, { encoding }] of Object.entries(codings))
      if (encoding !== undefined) sox('-D', plain, '-e', encoding, path.join(folderOf(place, coding), name))
  }
}

const ours: readonly Contender[] = Object.entries(codings).map(([name, { label }]) => ({
  ...wayContender('native', {
    name,
    jobs: JOBS,
    input: (place) => folderOf(place, name),
    isOnlyInFull: true,
  }),
  label: `noisemill, ${label}`,
  missing: async () => (await missingSox()) ?? missingAddon(),
}))

const wavefile: Contender = {
  name: 'wavefile',
  label: 'the package wavefile, IMA ADPCM',
  kind: 'node',
  value: 'whole',
  isOnlyInFull: true,
  missing: async () => (await missingSox()) ?? missingPackage('wavefile'),
  command: (place) => nodeProgram(place, 'wavefile-adpcm.js', folderOf(place, 'ima-adpcm'), place.out, String(SIGMA)),
}

/** wavefile's noise is new in each run, so only the length of its outputs can be checked. */
function checkWavefile(out: string): string {
  for (const name of readdirSync(out)) {
    const { size } = statSync(path.join(out, name))
    if (size < 2 * FRAMES) throw new Error(`${name} has ${size} bytes`)
  }
  return ''
}

export const coded: Workload = {
  name: 'coded',
  title: 'Coded files',
  question: 'What does decoding cost?',
  unit: 's',
  reference: 'pcm',
  work: () => `${FILES} files of ${FRAMES / 1e6} million samples, 16 kHz, mono, pink noise, in each coding`,
  needs: () => ({ disk: 3 * FILES * 2 * FRAMES * 2, memory: 1e9 }),
  async prepare(place) {
    if ((await missingSox()) === undefined) writeCoded(place)
  },
  contenders: () => [...ours, wavefile, { ...nodeLimit(), isOnlyInFull: true }],
  verify: async ({ out }, contender) => {
    const digest = checkOutputs(out, contender, FILES)
    return contender.name === wavefile.name ? checkWavefile(out) : digest
  },
}
