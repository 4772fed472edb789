/** Decodes files to 16-bit integers, by both halves of core and by other programs. */

import { execFile, spawnSync } from 'node:child_process'
import { describe } from 'vitest'
import { decodeFile } from '../../dist-lib/core/decode.js'
import { Failure } from '../../dist-lib/core/failure.js'
import { describeNative, theAddon } from './backends.js'

export type Decode = (file: string) => Int16Array | string

const asIntegers = (samples: Float64Array) => Int16Array.from(samples, (sample) => sample * 32768)

const decodeTypeScript: Decode = (file) => {
  try {
    return asIntegers(decodeFile(file).samples)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return `${error.code} ${error.detail}`
  }
}

const decodeNative: Decode = (file) => {
  const decoded = theAddon().decodeSamples(file)
  return 'code' in decoded ? `${decoded.code} ${decoded.detail}` : asIntegers(decoded.samples)
}

/** Runs `body` in a `describe` for each half of core, with its decoder. */
export function describeDecoders(behaviour: string, body: (decode: Decode) => void): void {
  describe(`${behaviour} [TypeScript]`, () => body(decodeTypeScript))
  describeNative(`${behaviour} [C++]`, () => body(decodeNative))
}

export const hasSndfile = spawnSync('sndfile-convert', []).error === undefined

/** Runs a program and returns the 16-bit samples that it writes to stdout. Rejects if it fails. */
function samplesOf(command: string, args: readonly string[]): Promise<Int16Array> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 2 ** 28, encoding: 'buffer' }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.join(' ')}: ${stderr}`))
      else resolve(new Int16Array(Uint8Array.from(stdout).buffer))
    })
  })
}

export const sox = (file: string): Promise<Int16Array> =>
  samplesOf('sox', ['-V1', '-D', '-t', 'wav', file, '-t', 's16', '-L', '-'])

export const ffmpeg = (file: string): Promise<Int16Array> =>
  samplesOf('ffmpeg', ['-v', 'error', '-nostdin', '-i', file, '-f', 's16le', '-c:a', 'pcm_s16le', '-'])

/** Decodes by libsndfile, which writes a PCM file beside the input. */
export async function sndfile(file: string): Promise<Int16Array> {
  const args = ['-pcm16', file, `${file}.pcm.wav`]
  await new Promise<void>((resolve, reject) => {
    execFile('sndfile-convert', args, (error, stdout) => (error ? reject(new Error(`${file}: ${stdout}`)) : resolve()))
  })
  return sox(`${file}.pcm.wav`)
}
