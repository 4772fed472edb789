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

/**
 * Adds options of flags to a recipe. They replace its fields: a level replaces any other level, and a kind or a source
 * of recordings any other noise.
 */
export function withRecipe<Options extends Partial<Recipe>>(recipe: Recipe, flags: Options): Recipe & Options {
  const hasLevel = LEVELS.some((name) => name in flags)
  const replaced = [
    ...(hasLevel ? LEVELS : []),
    ...(flags.kind === undefined ? [] : ['kind', 'parameters', 'noise']),
    ...(flags.noise?.from === undefined ? [] : ['kind', 'parameters']),
  ]
  const kept: Recipe = Object.fromEntries(Object.entries(recipe).filter(([name]) => !replaced.includes(name)))
  return {
    ...kept,
    ...flags,
    ...(flags.parameters && { parameters: { ...kept.parameters, ...flags.parameters } }),
    ...(flags.noise && { noise: { ...kept.noise, ...flags.noise } }),
  }
}
