/** Recipes: JSON files that describe noise with the options of the API, for `noisemill add`. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { checkObject } from '../checks.js'
import { invalidOption, NoisemillError } from '../errors.js'
import type { LayerSpec, NoiseSpec, RecordedNoise } from '../index.js'
import { checkCopies, checkNoiseSpec, SPEC_OPTIONS } from '../plan/options.js'
import { readJson } from './json.js'

/** What a recipe describes. */
export type Recipe = NoiseSpec & { readonly copies?: number }

/** Reads a recipe, and makes its paths relative to the current folder. Throws E_RECIPE. */
export function readRecipe(file: string): Recipe {
  const read = readJson(textOf(file))
  if ('fault' in read) {
    const { line, column } = read.fault
    throw new NoisemillError('E_RECIPE', { path: file, received: `line ${line}, column ${column} is not JSON` })
  }
  try {
    return inFolder(path.dirname(file), checkRecipe(read.value))
  } catch (cause) {
    throw cause instanceof NoisemillError ? new NoisemillError('E_RECIPE', { path: file, cause }) : cause
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new NoisemillError('E_RECIPE', { path: file, cause })
  }
}

function checkRecipe(value: unknown): Recipe {
  checkObject('recipe', value)
  const { $schema, copies, ...spec } = value
  if ($schema !== undefined && typeof $schema !== 'string') throw invalidOption('$schema', 'a text', $schema)
  checkNoiseSpec(spec, SPEC_OPTIONS)
  checkCopies(copies)
  return { ...spec, ...(copies !== undefined && { copies: copies as number }) }
}

function inFolder(folder: string, recipe: Recipe): Recipe {
  const { noise, layers } = recipe
  return {
    ...recipe,
    ...(noise && { noise: placed(folder, noise) }),
    ...(layers && {
      layers: layers.map(
        (layer): LayerSpec => ({ ...layer, ...(layer.noise && { noise: placed(folder, layer.noise) }) }),
      ),
    }),
  }
}

/** Only joins texts, because a path may be a glob, in which separators and dots must stay. */
function placed(folder: string, noise: RecordedNoise): RecordedNoise {
  const sources = [noise.from].flat().map((source) => {
    const text = String(source)
    return folder === '.' || path.isAbsolute(text) ? text : `${folder}${folder.endsWith('/') ? '' : '/'}${text}`
  })
  return { ...noise, from: sources.length === 1 ? sources[0] : sources }
}

const LEVELS = ['sigma', 'snr', 'dbfs']

/** Options that only an SNR has. */
const OF_SNR = ['snrMode', 'snrReference', 'exactSnr', 'silent']
/** For each field of recordings, those that it excludes. */
const EXCLUDED = { voices: ['gap'], fit: ['gap'], gap: ['voices', 'fit'] }

const without = <Options extends object>(options: Options, names: readonly string[]): Options =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name))) as Options

/**
 * Adds options of flags to a recipe. They replace its fields: a level replaces any other level, and a kind or a source
 * of recordings any other noise. Fields of the recipe that do not fit what replaces others are dropped.
 */
export function withRecipe<Options extends Partial<Recipe>>(recipe: Recipe, flags: Options): Recipe & Options {
  const { kind, clip, snr, noise } = flags
  const hasLevel = LEVELS.some((name) => name in flags)
  const isList = typeof snr === 'object' && !Array.isArray(snr)
  const kept = without(recipe, [
    ...(hasLevel ? LEVELS : []),
    ...(hasLevel && snr === undefined ? OF_SNR : []),
    ...(snr === undefined || isList ? [] : ['snrMode']),
    ...(kind === undefined ? [] : ['kind', 'parameters', 'noise']),
    ...(noise?.from === undefined ? [] : ['kind', 'parameters', 'exactSnr']),
    ...(clip === undefined || clip === 'scale' ? [] : ['ceiling']),
  ])
  const excluded = Object.entries(EXCLUDED).flatMap(([name, others]) => (name in (noise ?? {}) ? others : []))
  return {
    ...kept,
    ...flags,
    ...(flags.parameters && { parameters: { ...kept.parameters, ...flags.parameters } }),
    ...(noise && { noise: { ...without(kept.noise ?? {}, excluded), ...noise } }),
  }
}
