/** Noise as JSON of messages. A bank crosses as its hash, because each machine has an index of its own. */

import { openBank } from '../core/noise/bank.js'
import type { NoiseKey } from '../core/noise/keys.js'
import { allKinds } from '../core/noise/kinds.js'
import {
  clipPolicies,
  type Layer,
  type Mixing,
  type Noise,
  type NoiseLevel,
  type OutputLevelKind,
  outputLevels,
  silentPolicies,
  snrReferences,
} from '../core/noise/noise.js'
import { balances, fits, GAP, type Recorded, VOICES } from '../core/noise/recorded.js'
import { downmixes } from '../core/noise/recording.js'
import type { Fields, Row } from './fields.js'

/** More than options allow, so that the checks of options decide. */
export const MAX_LAYERS = 64
const MAX_PARAMETERS = 64
const U32 = 0xffff_ffff

/** A layer without what is drawn for each output. */
type LayerTemplate = Omit<Layer, 'key' | 'level'> & { readonly level: NoiseLevel['kind'] }

/** What the noise of many outputs has in common. Messages have each template once, and a row of numbers for each noise. */
export interface NoiseTemplate {
  readonly output: OutputLevelKind
  readonly mixing: Mixing
  readonly layers: readonly LayerTemplate[]
}

/** Writes noise as rows of numbers, and collects the templates that they refer to. */
export class NoiseWriter {
  /** The templates in their order, as JSON text. */
  readonly texts: string[] = []
  /** Length of the templates together. */
  characters = 0
  readonly #places = new Map<string, number>()
  #last: Noise | undefined
  #lastPlace = 0

  /**
   * Returns the numbers of a noise: the place of its template, its key, the target of its level, and for each layer its key
   * and its deviation. Throws the Failure E_NOISE_BANK if the index of a bank cannot be read.
   */
  rowOf(noise: Noise): number[] {
    const { key, output, layers } = noise
    // Of the right length from the start: an array that grows takes three times the memory.
    const row = new Array<number>(4 + 3 * layers.length)
    row[0] = this.#placeOf(noise)
    row[1] = key.low
    row[2] = key.high
    row[3] = output.target
    for (let i = 0; i < layers.length; i++) {
      const { key, level } = layers[i]
      row[4 + 3 * i] = key.low
      row[5 + 3 * i] = key.high
      row[6 + 3 * i] = level.deviation
    }
    return row
  }

  #placeOf(noise: Noise): number {
    if (this.#last !== undefined && isAlike(noise, this.#last)) return this.#lastPlace
    const text = JSON.stringify(templateToJson(noise))
    const place = this.#places.get(text) ?? this.#add(text)
    this.#last = noise
    this.#lastPlace = place
    return place
  }

  #add(text: string): number {
    const place = this.texts.push(text) - 1
    this.#places.set(text, place)
    this.characters += text.length
    return place
  }
}

/** Whether two noises surely have the same template. Most of a run do, and this takes less time than to write it. */
function isAlike(a: Noise, b: Noise): boolean {
  if (a.mixing !== b.mixing || a.output.kind !== b.output.kind || a.layers.length !== b.layers.length) return false
  for (let i = 0; i < a.layers.length; i++) if (!isLayerAlike(a.layers[i], b.layers[i])) return false
  return true
}

const isLayerAlike = (a: Layer, b: Layer): boolean =>
  a.kind === b.kind &&
  a.exact === b.exact &&
  a.level.kind === b.level.kind &&
  a.recorded === b.recorded &&
  isEqual(a.parameters, b.parameters)

function isEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const templateToJson = ({ output, mixing, layers }: Noise): object => ({
  output: output.kind,
  mixing,
  layers: layers.map(({ recorded, kind, parameters, level, exact }) => ({
    ...(recorded && { recorded: recordedToJson(recorded) }),
    ...{ kind, parameters: Array.from(parameters), level: level.kind, exact },
  })),
})

function recordedToJson({ bank, gap, ...recorded }: Recorded): unknown {
  return { ...recorded, bank: hashOfBank(bank), ...(gap && { gap }) }
}

/** Hashes in hex, by the paths of indexes, which never change. */
const hashes = new Map<string, string>()

function hashOfBank(index: string): string {
  const known = hashes.get(index)
  if (known !== undefined) return known
  const hash = Buffer.from(openBank(index).hash).toString('hex')
  hashes.set(index, hash)
  return hash
}

export function readTemplate(fields: Fields): NoiseTemplate {
  const mixing = fields.object('mixing')
  const template: NoiseTemplate = {
    output: fields.oneOf('output', outputLevels),
    mixing: {
      reference: mixing.oneOf('reference', snrReferences),
      clip: mixing.oneOf('clip', clipPolicies),
      ceiling: mixing.number('ceiling', 0, 1),
      dither: mixing.flag('dither'),
      silent: mixing.oneOf('silent', silentPolicies),
    },
    layers: fields.objects('layers', MAX_LAYERS, readLayer),
  }
  mixing.end()
  return template
}

/** Reads what `rowOf` wrote. In recorded layers, `bank` is the hash of the bank. */
export function readNoise(row: Row, templates: readonly NoiseTemplate[]): Noise {
  const { output, mixing, layers } = templates[row.integer('template', 0, templates.length - 1)]
  const noise: Noise = {
    key: readKey(row),
    output: { kind: output, target: row.number('target') },
    layers: layers.map(({ recorded, kind, parameters, level, exact }) => ({
      recorded,
      kind,
      parameters,
      key: readKey(row),
      level: { kind: level, deviation: row.number('deviation', 0) },
      exact,
    })),
    mixing,
  }
  row.end()
  return noise
}

const KINDS = allKinds.map(({ name }) => name)
const RECORDED_KINDS = ['recording', 'babble', 'bursts']

function readLayer(fields: Fields): LayerTemplate {
  const recorded = fields.optional('recorded', (name) => readRecorded(fields.object(name)))
  return {
    recorded,
    kind: fields.oneOf('kind', recorded === undefined ? KINDS : RECORDED_KINDS),
    parameters: Float64Array.from(readNumbers(fields, 'parameters', MAX_PARAMETERS)),
    level: fields.oneOf('level', ['sigma', 'snr']),
    exact: fields.flag('exact'),
  }
}

function readRecorded(fields: Fields): Recorded {
  const recorded: Recorded = {
    bank: fields.text('bank', 64, /^[0-9a-f]{64}$/),
    fit: fields.oneOf('fit', fits),
    balance: fields.oneOf('balance', balances),
    downmix: fields.oneOf('downmix', downmixes),
    voices: fields.integer('voices', VOICES.minimum, VOICES.maximum),
    gap: fields.optional('gap', (name) => {
      const [low, high] = readNumbers(fields, name, 2)
      if (!(low >= GAP.minimum && low <= high && high <= GAP.maximum))
        throw fields.fault(name, [low, high], 'a range of seconds')
      return [low, high] as const
    }),
  }
  fields.end()
  return recorded
}

function readNumbers(fields: Fields, name: string, most: number): number[] {
  const values = fields.list(name, most)
  if (!values.every((value) => typeof value === 'number')) throw fields.fault(name, values, 'an array of numbers')
  return values as number[]
}

/** Reads a key: two words. */
export const readKey = (row: Row): NoiseKey => ({ low: row.integer('low', 0, U32), high: row.integer('high', 0, U32) })
