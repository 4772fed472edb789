// Functions for transformTask, which tests name.
import { existsSync, writeFileSync } from 'node:fs'

export const same = () => {}

export function gain({ channels }, factor) {
  for (const samples of channels) for (let i = 0; i < samples.length; i++) samples[i] *= factor
}

export const gainOf = ({ channels }, factor) => channels.map((samples) => samples.map((x) => x * factor))

export const laterGain = async (audio, factor) => {
  await null
  return gainOf(audio, factor)
}

/** Every second frame, at half the rate. */
export const decimate = ({ channels, sampleRate }) => ({
  channels: channels.map((samples) => samples.filter((_, i) => i % 2 === 0)),
  sampleRate: sampleRate / 2,
})

export const toMono = ({ channels }) => [channels[0]]

export const toStereo = ({ channels }) => [channels[0], channels[0]]

export const firstHalf = ({ channels }) => channels.map((samples) => samples.subarray(0, samples.length / 2))

export const nothingLeft = ({ channels }) => channels.map(() => new Float32Array(0))

/** Fields of the argument, changed as a whole. */
export function replaced(audio) {
  audio.channels = audio.channels.map((samples) => samples.map((x) => -x))
  audio.sampleRate = 11025
}

/** A filter of first order, with its memory in the state. */
export function lowpass({ channels, state }) {
  state.last ??= channels.map(() => 0)
  for (const [channel, samples] of channels.entries())
    for (let i = 0; i < samples.length; i++)
      samples[i] = state.last[channel] = Math.fround(0.5 * (samples[i] + state.last[channel]))
}

/** Delays by 100 frames, and appends them at the end: the number of frames of a block changes. */
export function delay({ channels, state, isLast }) {
  const [samples] = channels
  const all = Float32Array.from([...(state.rest ?? new Array(100).fill(0)), ...samples])
  if (isLast) return [all]
  state.rest = all.slice(all.length - 100)
  return [all.slice(0, -100)]
}

export function gaussian({ channels, random }) {
  for (const samples of channels) random.gaussian(samples)
}

export function uniform({ channels, random }) {
  for (const samples of channels) for (let i = 0; i < samples.length; i++) samples[i] = random.next() - 0.5
}

/** Writes what it learns, but for the samples, to a file. */
export function told({ channels, random, state, ...rest }, file, { attempt }) {
  const lengths = channels.map(({ length }) => length)
  writeFileSync(file, `${JSON.stringify({ ...rest, lengths, state, attempt })}\n`, { flag: 'a' })
}

export const prepared = (factor) => factor + 1

export const notANumber = ({ channels }) => {
  channels[0][17] = Number.NaN
}
export const infinite = ({ channels }) => {
  channels[0][3] = Number.NEGATIVE_INFINITY
}
export const throwing = () => {
  throw new RangeError('too short')
}
export const rejecting = async () => {
  throw new TypeError('later')
}
export const oneArray = ({ channels }) => channels[0]
export const doubles = ({ channels }) => channels.map((samples) => Float64Array.from(samples))
export const uneven = ({ channels }) => [channels[0], channels[0].subarray(1)]
export const noChannels = () => []
export const noChannelsLeft = (audio) => {
  audio.channels = undefined
}
export const aText = () => 'done'
export const isNull = () => null
export const oddRate = ({ channels }) => ({ channels, sampleRate: 0.5 })
export const changing = ({ channels, frame }) => (frame === 0 ? channels : [channels[0], channels[0]])
export const changingRate = ({ channels, frame }) => ({ channels, sampleRate: frame === 0 ? 8000 : 16000 })
export const endless = ({ frame }) => {
  while (frame > 0);
}
export const sleeping = ({ frame }) => (frame > 0 ? new Promise(() => {}) : undefined)
export const ending = ({ frame }) => {
  if (frame > 0) process.exit(3)
}
export const onlyOnce = ({ frame }, _, { attempt }) => {
  if (attempt === 1 && frame > 0) process.exit(3)
}
/** Resolves after its time. */
export const late = async () =>
  new Promise((resolve) => {
    setTimeout(resolve, 400)
  })

/** Kills its process at the first attempt, if the file `once` does not exist yet. */
export function deadlyOnce({ channels }, once, { attempt }) {
  if (attempt === 1 && !existsSync(once)) {
    writeFileSync(once, '')
    process.kill(process.pid, 'SIGKILL')
  }
  return channels.map((samples) => samples.map((x) => x / 2))
}
