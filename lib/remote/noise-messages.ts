/** Noise as JSON of messages. A bank crosses as its hash, because each machine has an index of its own. */

import { openBank } from '../core/noise/bank.js'
import type { NoiseKey } from '../core/noise/keys.js'
import { allKinds } from '../core/noise/kinds.js'
import {
  clipPolicies,
  type Layer,
  type Noise,
  outputLevels,
  silentPolicies,
  snrReferences,
} from '../core/noise/noise.js'
import { balances, fits, GAP, type Recorded, VOICES } from '../core/noise/recorded.js'
import { downmixes } from '../core/noise/recording.js'
import { eachOf, type Fields } from './fields.js'

/** More than options allow, so that the checks of options decide. */
export const MAX_LAYERS = 64
const MAX_PARAMETERS = 64
const U32 = 0xffff_ffff

/** What is the same in the noise of all files of a run. */
export type CommonNoise = Pick<Noise, 'output' | 'mixing'>

export const commonNoiseToJson = ({ output, mixing }: CommonNoise): object => ({ output, mixing })

/** Converts the rest of noise. Throws the Failure E_NOISE_BANK if the index of a bank cannot be read. */
export function ownNoiseToJson({ key, layers }: Noise): object {
  return {
    key: [key.low, key.high],
    layers: layers.map(({ recorded, kind, parameters, key, level, exact }) => ({
      ...(recorded && { recorded: recordedToJson(recorded) }),
      ...{ kind, parameters: Array.from(parameters), key: [key.low, key.high], level, exact },
    })),
  }
}

export const noiseToJson = (noise: Noise): object => ({ ...ownNoiseToJson(noise), ...commonNoiseToJson(noise) })

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

export function readCommonNoise(fields: Fields): CommonNoise {
  const output = fields.object('output')
  const mixing = fields.object('mixing')
  const common: CommonNoise = {
    output: { kind: output.oneOf('kind', outputLevels), target: output.number('target') },
    mixing: {
      reference: mixing.oneOf('reference', snrReferences),
      clip: mixing.oneOf('clip', clipPolicies),
      ceiling: mixing.number('ceiling', 0, 1),
      dither: mixing.flag('dither'),
      silent: mixing.oneOf('silent', silentPolicies),
    },
  }
  output.end()
  mixing.end()
  return common
}

/** In recorded layers, `bank` is the hash of the bank. */
export function readNoise(fields: Fields, { output, mixing }: CommonNoise = readCommonNoise(fields)): Noise {
  const noise: Noise = {
    key: readKey(fields, 'key'),
    layers: eachOf(fields.list('layers', MAX_LAYERS), 'layers', readLayer),
    ...{ output, mixing },
  }
  fields.end()
  return noise
}

const KINDS = allKinds.map(({ name }) => name)
const RECORDED_KINDS = ['recording', 'babble', 'bursts']

function readLayer(fields: Fields): Layer {
  const level = fields.object('level')
  const recorded = fields.optional('recorded', (name) => readRecorded(fields.object(name)))
  const layer: Layer = {
    recorded,
    kind: fields.oneOf('kind', recorded === undefined ? KINDS : RECORDED_KINDS),
    parameters: Float64Array.from(readNumbers(fields, 'parameters', MAX_PARAMETERS)),
    key: readKey(fields, 'key'),
    level: { kind: level.oneOf('kind', ['sigma', 'snr']), deviation: level.number('deviation', 0) },
    exact: fields.flag('exact'),
  }
  level.end()
  return layer
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
      if (!(low >= GAP.minimum && low <= high && high <= GAP.maximum)) throw fields.fault(name, 'a range of seconds')
      return [low, high] as const
    }),
  }
  fields.end()
  return recorded
}

function readNumbers(fields: Fields, name: string, most: number): number[] {
  const values = fields.list(name, most)
  if (!values.every((value) => typeof value === 'number')) throw fields.fault(name, 'an array of numbers')
  return values as number[]
}

export function readKey(fields: Fields, name: string): NoiseKey {
  const [low, high, ...more] = readNumbers(fields, name, 2)
  const isWord = (word: number | undefined) => word !== undefined && Number.isInteger(word) && word >= 0 && word <= U32
  if (!isWord(low) || !isWord(high) || more.length > 0) throw fields.fault(name, 'two words of 32 bits')
  return { low, high }
}
