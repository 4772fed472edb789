/** Runs jobs on either half of core directly, without options or a pool. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe } from 'vitest'
import type { Backend } from '../../dist-lib/backends/backend.js'
import { Cancellation } from '../../dist-lib/backends/cancellation.js'
import { inlineBackend } from '../../dist-lib/backends/inline.js'
import type { ThreadKernels } from '../../dist-lib/backends/messages.js'
import { nativeBackend } from '../../dist-lib/backends/native.js'
import { threadHosts } from '../../dist-lib/backends/thread-host.js'
import { defaultWorkerSettings } from '../../dist-lib/backends/worker-options.js'
import { WorkerPool } from '../../dist-lib/backends/worker-pool.js'
import { workersBackend } from '../../dist-lib/backends/workers.js'
import { type EtlFigures, type EtlJob, type EtlOutcome, runEtl } from '../../dist-lib/core/etl.js'
import { tsKernels } from '../../dist-lib/core/kernels.js'
import type { ClipPolicy, Layer, Mixing, Noise, NoiseLevel } from '../../dist-lib/core/noise/noise.js'
import { NOTHING_MEASURED, type PassSettings } from '../../dist-lib/core/transform.js'
import { packageFile } from '../../dist-lib/package-files.js'
import { describeNative, instructionSets, theAddon } from './backends.js'
import { temporaryFolder } from './folders.js'
import { wasm, wasmModule } from './kernels.js'

export type RunJobs = (jobs: readonly EtlJob[]) => Promise<EtlOutcome[]>

export const runTypeScript: RunJobs = async (jobs) => jobs.map((job) => runEtl(job, () => false))

async function execute(backend: Backend, jobs: readonly EtlJob[]): Promise<EtlOutcome[]> {
  const outcomes: EtlOutcome[] = []
  await backend.execute({
    kind: 'files',
    jobs,
    cancellation: new Cancellation(),
    settle(index, outcome) {
      if ('error' in outcome) throw outcome.error
      outcomes[index] = outcome.value
    },
  })
  return outcomes
}

/** Makes a pool of worker threads, which may begin with another file than those of the package. */
export function threadPool(
  size: number,
  { entry = packageFile('dist/thread-entry.js'), wasm }: { entry?: URL; wasm?: ThreadKernels | undefined } = {},
): WorkerPool {
  return new WorkerPool(size, threadHosts(entry, wasm, defaultWorkerSettings))
}

/** Runs jobs in the addon, on a number of threads. */
export const nativeOf =
  (size: number): RunJobs =>
  (jobs) =>
    execute(nativeBackend(theAddon(), size, inlineBackend(tsKernels)), jobs)

/** Runs jobs on a number of worker threads, all of which have been started before the first job. */
export function workersOf(size: number): RunJobs {
  const backend = workersBackend(threadPool(size, { wasm: wasmModule && { module: wasmModule, isRequired: true } }))
  let started: Promise<unknown> | undefined
  return async (jobs) => {
    const missing = jobFor('/nowhere', 'missing', 'out', { level: 0 })
    started ??= Promise.all(Array.from({ length: size }, () => execute(backend, [missing])))
    await started
    return execute(backend, jobs)
  }
}

const runNative = nativeOf(1)

/**
 * All that must give the same results as TypeScript: the addon with each instruction set of this machine, and
 * WebAssembly.
 */
export const twins: readonly (readonly [name: string, run: RunJobs])[] = [
  ...instructionSets.map((name): [string, RunJobs] => [
    name,
    async (jobs) => {
      if (!theAddon().useInstructionSet(name)) throw new Error(`no ${name}`)
      return runNative(jobs)
    },
  ]),
  ...(wasm ? [wasm] : []).map((kernels): [string, RunJobs] => [
    'wasm',
    async (jobs) => jobs.map((job) => runEtl(job, () => false, kernels)),
  ]),
]

/** Runs `body` in a `describe` for each half of core. */
export function describeHalves(behaviour: string, body: (run: RunJobs) => void): void {
  describe(`${behaviour} [TypeScript]`, () => body(runTypeScript))
  describeNative(`${behaviour} [C++]`, () => body(runNative))
}

/** Settings of a job: the noise, and whether an output is written. */
export interface JobSettings
  extends Partial<Omit<Layer, 'level'>>,
    Partial<Pick<Noise, 'output'>>,
    Partial<Omit<Mixing, 'clip'>> {
  readonly levelKind?: NoiseLevel['kind']
  /** Layers after the first. */
  readonly more?: readonly Layer[]
  readonly level: number
  /** false is 'none'. */
  readonly clip?: ClipPolicy | boolean
  readonly dryRun?: boolean
  readonly verify?: boolean
  readonly follow?: boolean
  readonly expected?: EtlJob['expected']
}

/** Makes a noise: Gaussian without any extras, unless settings say otherwise. */
export function noiseFor(settings: Omit<JobSettings, 'dryRun' | 'verify' | 'follow' | 'expected'>): Noise {
  const { levelKind = 'sigma', level, kind = 'gaussian', exact = false, output, clip = 'clamp' } = settings
  const { parameters = new Float64Array(0), key = { low: 1, high: 2 }, recorded, more = [], ...others } = settings
  const { reference = 'rms', ceiling = 0.99, dither = false, silent = 'copy' } = others
  return {
    key,
    layers: [{ recorded, kind, parameters, key, level: { kind: levelKind, deviation: level }, exact }, ...more],
    output: output ?? { kind: 'keep', target: 0 },
    mixing: {
      reference,
      clip: typeof clip === 'string' ? clip : clip ? 'clamp' : 'none',
      ceiling,
      dither,
      silent,
    },
  }
}

/** A pass that writes with one layer of noise. */
export const writingPass = (sigma: number): PassSettings => ({
  pass: 'write',
  ...NOTHING_MEASURED,
  levels: [{ takes: [], sigma, deviation: sigma }],
  gain: 1,
})

/** Makes a job that reads `NAME.wav` in a folder and writes `NAME.TAG.wav` beside it. */
export function jobFor(folder: string, name: string, tag: string, settings: JobSettings): EtlJob {
  const { dryRun = false, verify = false, follow = true, expected, ...noise } = settings
  return {
    input: path.join(folder, `${name}.wav`),
    output: path.join(folder, `${name}.${tag}.wav`),
    temporary: path.join(folder, `.${name}.${tag}.tmp`),
    overwrite: false,
    fsync: false,
    dryRun,
    free: false,
    follow,
    strict: false,
    verify,
    expected,
    noise: noiseFor(noise),
  }
}

/**
 * Runs one file through one half of core. Returns the bytes of the output and its figures. Call it in the body of a
 * test.
 */
export async function runFile(
  run: RunJobs,
  input: Uint8Array,
  settings: JobSettings,
): Promise<{ output: Buffer; figures: EtlFigures }> {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, 'a.wav'), input)
  const job = jobFor(folder, 'a', 'out', settings)
  const [outcome] = await run([job])
  if ('failure' in outcome) throw new Error(`${outcome.failure.code} ${outcome.failure.detail}`)
  return { output: readFileSync(job.output as string), figures: outcome.figures }
}
