/** What users would pick instead of noisemill: SoX, ffmpeg, a package for WAV files, and NumPy. */

import {
  missingAddon,
  missingCommand,
  missingPackage,
  missingPython,
  missingWasm,
  nodeProgram,
  noisemillCommand,
  pythonProgram,
} from '../harness/commands.js'
import { prepareLimits } from '../harness/limits.js'
import { JOBS, SIGMA } from '../harness/settings.js'
import type { Contender, Place, Size, Workload } from '../harness/workload.js'
import { checkSineFiles, copyLimits, memoryFor, roomFor, type SineFiles, sayFiles, writeSines } from './sine-files.js'

const FILES: Readonly<Record<Size, SineFiles>> = {
  short: { count: 6, seconds: 15 },
  full: { count: 24, seconds: 60 },
}

/**
 * The package wavefile works on every n-th file only, because it would take minutes for all. The time
 * of the files, but not that of the start, is multiplied by n.
 */
const WAVEFILE_PART = 6

const command = (name: string, label: string, ...flags: readonly string[]): Contender => ({
  name,
  label: `noisemill add: ${label}`,
  kind: 'noisemill',
  value: 'whole',
  outputs: 'noise',
  command: (place) =>
    noisemillCommand(
      place,
      ...['add', place.inputs, '--out', place.out, '--sigma', String(SIGMA)],
      ...['--jobs', String(JOBS), '--quiet', ...flags],
    ),
})

/** Peak of uniform noise that has the standard deviation SIGMA. */
const PEAK = (SIGMA * Math.sqrt(3)).toFixed(4)

/**
 * SoX reads the file twice: one process replaces it by noise of the same length, and another one
 * adds that. With `-v 1`, it does not make both quieter.
 */
const SOX = `sox "$1" -p synth whitenoise vol ${PEAK} | sox -m -v 1 "$1" -v 1 -p "$2"`

/** @param filter the options that add noise */
const ffmpeg = (filter: string) => `ffmpeg -nostdin -v error -i "$1" ${filter} -c:a pcm_f32le "$2"`
const FFMPEG = ffmpeg(
  `-filter_complex "anoisesrc=amplitude=${PEAK}:sample_rate=44100[noise];` +
    '[0][noise]amix=inputs=2:duration=first:normalize=0"',
)
/** An expression for each sample: the formula of Box and Muller. */
const NORMAL = `${SIGMA}*sqrt(-2*log(1-random(0)))*cos(2*PI*random(0))`
const FFMPEG_NORMAL = ffmpeg(`-af "aeval='clip(val(0)+${NORMAL},-1,1)':c=same"`)

/** Runs a command for each input, with the input as $1 and the output as $2. */
const LOOP = 'for file in "$2"/*.wav; do sh -c "$1" sh "$file" "$3/$(basename "$file")" || exit; done'
/** The same for as many inputs at a time as $4 says. xargs starts a shell that finds the output's name. */
const XARGS =
  'printf "%s\\0" "$2"/*.wav | command="$1" out="$3" xargs -0 -n 1 -P "$4" ' +
  'sh -c \'exec sh -c "$command" sh "$1" "$out/$(basename "$1")"\' sh'

/** A program that works on one file. */
interface Tool {
  readonly name: string
  readonly label: string
  /** Shell command with the input as $1 and the output as $2. */
  readonly script: string
  readonly install: string
}

const sox: Tool = { name: 'sox', label: 'SoX (uniform noise)', script: SOX, install: 'apt-get install sox' }

const ffmpegTool = { install: 'apt-get install ffmpeg' }
const ffmpegUniform: Tool = { ...ffmpegTool, name: 'ffmpeg', label: 'ffmpeg (uniform noise)', script: FFMPEG }
const ffmpegNormal: Tool = {
  ...ffmpegTool,
  name: 'ffmpeg-normal',
  label: 'ffmpeg (normal noise by an expression)',
  script: FFMPEG_NORMAL,
}

const toolContender = ({ script, install }: Tool, way: string) => ({
  kind: 'tool' as const,
  value: 'whole' as const,
  missing: () => missingCommand(script.split(' ')[0], install),
  command: ({ inputs, out }: Place) => ({
    file: 'sh',
    args: ['-c', way, 'sh', script, inputs, out, String(JOBS)],
  }),
})

const oneAtATime = (tool: Tool): Contender => ({
  ...toolContender(tool, LOOP),
  name: tool.name,
  label: `${tool.label}, one file at a time`,
})

const byXargs = (tool: Tool): Contender => ({
  ...toolContender(tool, XARGS),
  name: `${tool.name}-xargs`,
  label: `${tool.label}, xargs -P`,
})

const audiomentations = (way: 'loop' | 'Pool', label: string): Contender => ({
  name: `audiomentations-${way.toLowerCase()}`,
  label: `NumPy as in audiomentations, ${label}`,
  kind: 'python',
  value: 'whole',
  missing: () => missingPython(),
  command: ({ inputs, out }) => pythonProgram('tools.py', way, inputs, out, String(JOBS), String(SIGMA)),
})

const wavefile: Contender = {
  name: 'wavefile',
  label: `wavefile and Math.random, one file at a time (from the time for 1 of ${WAVEFILE_PART} files)`,
  kind: 'node',
  value: 'reported',
  missing: () => missingPackage('wavefile'),
  command: (place) =>
    nodeProgram(place, 'wavefile-noise.js', place.inputs, place.out, String(SIGMA), String(WAVEFILE_PART)),
}

export const tools: Workload = {
  name: 'tools',
  title: 'What one would use instead',
  question: 'How long do other programs take to add noise to the same files?',
  unit: 's',
  reference: 'native',
  work: (size) => sayFiles(FILES[size]),
  needs: (size) => ({ disk: roomFor(FILES[size]), memory: memoryFor(FILES[size]) }),
  async prepare(place) {
    writeSines(place.inputs, FILES[place.size])
    await prepareLimits(place)
  },
  contenders: () => [
    { ...command('native', 'native threads', '--backend', 'native'), missing: missingAddon },
    {
      ...command('workers', 'worker threads, WebAssembly', '--backend', 'workers', '--kernel', 'wasm'),
      missing: missingWasm,
    },
    {
      name: 'program',
      label: 'noisemill in a program, as it chooses',
      kind: 'noisemill',
      value: 'whole',
      outputs: 'noise',
      command: (place) => nodeProgram(place, 'add-folder.js', place.inputs, place.out, String(JOBS), String(SIGMA)),
    },
    oneAtATime(sox),
    byXargs(sox),
    oneAtATime(ffmpegUniform),
    byXargs(ffmpegUniform),
    { ...byXargs(ffmpegNormal), isOnlyInFull: true },
    wavefile,
    audiomentations('loop', 'one file at a time'),
    audiomentations('Pool', 'multiprocessing.Pool'),
    ...copyLimits,
  ],
  verify: async (place, contender) =>
    checkSineFiles(place, contender, contender.name === 'wavefile' ? WAVEFILE_PART : 1),
}
