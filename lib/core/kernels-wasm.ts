/** The kernels of native/simd/wasm.cc, with SIMD128. Built where clang and lld for wasm32 were found, else absent. */

import { readFileSync } from 'node:fs'
import { checkWish } from '../checks.js'
import { placeOf } from '../places.js'
import type { Kernels } from './kernels.js'
import type { MixTally } from './mix.js'
import type { NoiseKind } from './noise/kinds.js'
import { ACCUMULATORS } from './sums.js'
import { type SampleFormat, type SampleValues, sampleFormats } from './wav/samples.js'

// Node's types leave WebAssembly to those of browsers.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module)
    readonly exports: unknown
  }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  interface Global {
    readonly value: number
  }
}

interface Exports {
  readonly memory: WebAssembly.Memory
  readonly __heap_base: WebAssembly.Global
  interleave(from: number, to: number, frames: number, channels: number): void
  decode(format: number, bytes: number, count: number, scratch: number): number
  encode(format: number, values: number, bytes: number, count: number): void
  measure(values: number, count: number, format: number, tally: number): void
  mix_float32(
    values: number,
    noise: number,
    count: number,
    format: number,
    validBits: number,
    sigma: number,
    clip: number,
    tally: number,
  ): void
  mix_float64(
    values: number,
    noise: number,
    count: number,
    format: number,
    validBits: number,
    sigma: number,
    clip: number,
    tally: number,
  ): void
}

type Fill = (state: number, out: number, frames: number) => void

/** As long as an AVX-512 register: engines may well use wider loads than the module says. */
const ALIGNMENT = 64

/** MixTally in native/core/mix.h: two sums of 16 accumulators, then two 64-bit counts. */
const SUM_BYTES = ACCUMULATORS * 8
const TALLY_BYTES = 2 * SUM_BYTES + 2 * 8

class WasmTally implements MixTally {
  readonly signal: Float64Array
  readonly noise: Float64Array
  readonly #counts: BigUint64Array

  constructor(readonly bytes: Uint8Array) {
    const { buffer, byteOffset } = bytes
    this.signal = new Float64Array(buffer, byteOffset, ACCUMULATORS)
    this.noise = new Float64Array(buffer, byteOffset + SUM_BYTES, ACCUMULATORS)
    this.#counts = new BigUint64Array(buffer, byteOffset + 2 * SUM_BYTES, 2)
  }

  get clipped(): number {
    return Number(this.#counts[0])
  }

  get nonFinite(): number {
    return Number(this.#counts[1])
  }
}

class WasmKernels implements Kernels {
  readonly name = 'wasm'
  readonly #exports: Exports
  readonly #start: number
  #free: number

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports
    this.#start = Number(this.#exports.__heap_base.value)
    this.#free = this.#start
  }

  reset(): void {
    this.#free = this.#start
  }

  /** Zeroed, as a new typed array is. The module's memory is laid out for the largest job, and never grows. */
  bytes(count: number): Uint8Array {
    const at = Math.ceil(this.#free / ALIGNMENT) * ALIGNMENT
    this.#free = at + count
    return new Uint8Array(this.#exports.memory.buffer, at, count).fill(0)
  }

  words(count: number): Uint32Array {
    const { buffer, byteOffset } = this.bytes(4 * count)
    return new Uint32Array(buffer, byteOffset, count)
  }

  floats(count: number): Float32Array {
    const { buffer, byteOffset } = this.bytes(4 * count)
    return new Float32Array(buffer, byteOffset, count)
  }

  doubles(count: number): Float64Array {
    const { buffer, byteOffset } = this.bytes(8 * count)
    return new Float64Array(buffer, byteOffset, count)
  }

  tally(): MixTally {
    return new WasmTally(this.bytes(TALLY_BYTES))
  }

  fill(kind: NoiseKind, state: Uint32Array, out: Float32Array, frames: number): void {
    const fill = (this.#exports as unknown as Record<string, Fill | undefined>)[`fill_${kind.name}`]
    if (fill) fill(state.byteOffset, out.byteOffset, frames)
    else kind.fill(state, out, frames)
  }

  interleave(from: Float32Array, to: Float32Array, frames: number, channel: number, channels: number): void {
    this.#exports.interleave(from.byteOffset, to.byteOffset + 4 * channel, frames, channels)
  }

  decode(format: SampleFormat, bytes: Uint8Array, count: number, scratch: SampleValues): SampleValues {
    const at = this.#exports.decode(indexOf(format), bytes.byteOffset, count, scratch.byteOffset)
    const { buffer } = this.#exports.memory
    return format.wide ? new Float64Array(buffer, at, count) : new Float32Array(buffer, at, count)
  }

  encode(format: SampleFormat, values: SampleValues, bytes: Uint8Array, count: number): void {
    this.#exports.encode(indexOf(format), values.byteOffset, bytes.byteOffset, count)
  }

  measure(values: SampleValues, count: number, format: SampleFormat, tally: MixTally): void {
    this.#exports.measure(values.byteOffset, count, indexOf(format), addressOf(tally))
  }

  mix(
    values: SampleValues,
    noise: Float32Array,
    count: number,
    format: SampleFormat,
    validBits: number,
    sigma: number,
    clip: boolean,
    tally: MixTally,
  ): void {
    const mix = format.wide ? this.#exports.mix_float64 : this.#exports.mix_float32
    mix(values.byteOffset, noise.byteOffset, count, indexOf(format), validBits, sigma, clip ? 1 : 0, addressOf(tally))
  }
}

const indexOf = (format: SampleFormat) => sampleFormats.indexOf(format)
const addressOf = (tally: MixTally) => (tally as WasmTally).bytes.byteOffset

export type WasmModule = WebAssembly.Module

/** The module, compiled, or the reason why there is none. */
export type LoadedModule = { readonly module: WasmModule } | { readonly reason: string }

/** Reads and compiles the module; it can be sent to other threads. */
export function loadWasmModule(): LoadedModule {
  if (checkWish('NOISEMILL_WASM') === 'off') return { reason: 'NOISEMILL_WASM is off' }
  try {
    return { module: new WebAssembly.Module(readFileSync(placeOf('dist/kernels.wasm'))) }
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { reason: isAbsent ? 'it was not built' : (error as Error).message }
  }
}

export function wasmKernels(module: WasmModule): Kernels {
  return new WasmKernels(module)
}
