/** Files for transforms, and their outcomes, as JSON of messages. */

import type { AudioFigures, HandedOn, TransformJob, TransformOutcome, TransformWarning } from '../audio/job.js'
import type { Noise } from '../core/noise/noise.js'
import { MAX_CHANNELS } from '../core/wav/format.js'
import { MAX_U32 } from '../core/wav/header.js'
import { NoisemillError } from '../errors.js'
import { STEPS, type Step } from '../files/outputs.js'
import type { Fields } from './fields.js'
import {
  type Common,
  type FileJobWriter,
  type FilePlaces,
  failureToJson,
  figuresToJson,
  readCodec,
  readFailure,
  readFigures,
  readFormat,
  readNumber,
  readPlaces,
  readWarnings,
} from './file-messages.js'
import { readKey, readNoise } from './noise-messages.js'
import { toJson } from './values.js'

type OfSteps<Value> = { readonly [Name in Step]?: Value }

/** What a job of a transform asks of a worker. It has no paths of the worker's machine. */
export interface TransformRequest extends Pick<TransformJob, 'blockFrames' | 'copy' | 'randomKey'> {
  readonly places: FilePlaces
  /** The key, as results show it. */
  readonly key: string
  readonly noise: OfSteps<Noise>
}

/** A key is a path with escapes. */
const MAX_TEXT = 65_536
const MAX_DROPPED = 10_000

/**
 * Converts a job to JSON. Throws E_PATH_OUTSIDE or, if the item has samples, E_REMOTE_UNSUPPORTED. Undefined if the job must
 * go into another message.
 */
export function transformJobToJson(job: TransformJob, writer: FileJobWriter): unknown {
  const { samples, blockFrames, shown, copy, randomKey, noise } = job
  if (samples !== undefined) throw new NoisemillError('E_REMOTE_UNSUPPORTED', { received: 'an item with samples' })
  const places = writer.places(job)
  if (places === undefined) return undefined
  const present = STEPS.filter((step) => noise[step] !== undefined)
  return {
    places,
    ...(blockFrames !== undefined && { blockFrames }),
    ...{ key: shown.key, copy, randomKey: [randomKey.low, randomKey.high] },
    noise: Object.fromEntries(present.map((step) => [step, writer.noises.rowOf(noise[step]!.noise)])),
  }
}

/** Reads a job. Throws a MessageFault. */
export function readTransformRequest(fields: Fields, common: Common): TransformRequest {
  if (common.verify) throw fields.fault('verify', true, 'false for transforms')
  const row = fields.row('places')
  const places = readPlaces(row, common)
  row.end()
  const randomKey = fields.row('randomKey')
  const noise = fields.object('noise')
  if (places.output.length === 0 && STEPS.some((step) => noise.has(step)))
    throw fields.fault('noise', 'present', 'absent without an output')
  const request: TransformRequest = {
    places,
    blockFrames: fields.optional('blockFrames', (name) => fields.integer(name, 1, Number.MAX_SAFE_INTEGER)),
    key: fields.text('key', MAX_TEXT),
    copy: fields.integer('copy', 0, Number.MAX_SAFE_INTEGER),
    randomKey: readKey(randomKey),
    noise: readSteps(noise, (name) => readNoise(noise.row(name), common.noises)),
  }
  randomKey.end()
  noise.end()
  return request
}

function readSteps<Value>(fields: Fields, read: (name: string) => Value): OfSteps<Value> {
  const present = STEPS.filter((step) => fields.has(step))
  return Object.fromEntries(present.map((step) => [step, read(step)]))
}

/** Samples that are handed on cross as base64 of little-endian float32. */
export function transformOutcomeToJson(outcome: TransformOutcome): unknown {
  if ('failure' in outcome) return { failure: failureToJson(outcome.failure) }
  const { figures, audio } = outcome
  const dropped = figures.dropped.slice(0, MAX_DROPPED)
  const noise = Object.entries(figures.noise).map(([step, own]) => [step, figuresToJson(own)])
  return {
    figures: { ...(toJson({ ...figures, noise: {}, dropped }) as object), noise: Object.fromEntries(noise) },
    ...(audio && { audio: audioToJson(audio) }),
  }
}

const audioToJson = ({ channels, sampleRate }: HandedOn) => ({
  channels: channels.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
  ),
  sampleRate,
})

/** Reads an outcome. Throws a MessageFault. */
export function readTransformOutcome(fields: Fields): TransformOutcome {
  if (fields.has('failure')) return { failure: readFailure(fields.object('failure')) }
  const values = fields.object('figures')
  const figures = readAudioFigures(values)
  values.end()
  const audio = fields.optional('audio', (name) => readAudio(fields.object(name)))
  return { figures, ...(audio && { audio }) }
}

function readAudioFigures(fields: Fields): AudioFigures {
  const noise = fields.object('noise')
  const dropped = fields.list('dropped', MAX_DROPPED)
  if (!dropped.every((name) => typeof name === 'string')) throw fields.fault('dropped', dropped, 'names of chunks')
  const figures: AudioFigures = {
    format: readFormat(fields),
    codec: readCodec(fields),
    channels: readNumber(fields, 'channels'),
    sampleRate: readNumber(fields, 'sampleRate'),
    frames: readNumber(fields, 'frames'),
    clipped: readNumber(fields, 'clipped'),
    bytesIn: readNumber(fields, 'bytesIn'),
    modified: readNumber(fields, 'modified'),
    bytesOut: readNumber(fields, 'bytesOut'),
    seconds: readNumber(fields, 'seconds'),
    warnings: readWarnings<TransformWarning>(fields),
    dropped: dropped as string[],
    noise: readSteps(noise, (name) => readFigures(noise.row(name))),
  }
  noise.end()
  return figures
}

function readAudio(fields: Fields): HandedOn {
  const texts = fields.list('channels', MAX_CHANNELS)
  const audio = {
    channels: texts.map((text) => {
      if (typeof text !== 'string') throw fields.fault('channels', texts, 'texts of base64')
      const bytes = Buffer.from(text, 'base64')
      return new Float32Array(Uint8Array.from(bytes.subarray(0, bytes.length & ~3)).buffer)
    }),
    sampleRate: fields.integer('sampleRate', 1, MAX_U32),
  }
  fields.end()
  return audio
}
