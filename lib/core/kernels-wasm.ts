/**
 * The kernels of native/simd/wasm.cc, with SIMD128. The module exists only if the build found clang
 * and lld for wasm32.
 */

import type { Kernels } from './kernels.js'
import type { MixSettings, MixTally } from './mix.js'
import type { GeneratedKind } from './noise/kind.js'
import { allKinds, isGenerated } from './noise/kinds.js'
import { ACCUMULATORS } from './sums.js'
import { type SampleFormat, type SampleValues, sampleFormats } from './wav/samples.js'

// @types/node does not declare WebAssembly; the types for browsers do.
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
  /**
   * Addresses of NUL-terminated names, by the index that other functions take; 0 after the last
   * name.
   */
  kind_name(index: number): number
  format_name(index: number): number
  tally_bytes(): number
  fill(kind: number, state: number, parameters: number, out: number, frames: number): void
  filter(state: number, coefficients: number, lanes: number, values: number, frames: number): void
  interleave(from: number, to: number, frames: number, channels: number): void
  decode(format: number, bytes: number, count: number, scratch: number): number
  encode(format: number, values: number, bytes: number, count: number): void
  measure(values: number, count: number, format: number, tally: number): void
  survey(values: number, noise: number, count: number, format: number, sigma: number, tally: number): void
  mix(
    values: number,
    noise: number,
    count: number,
    format: number,
    validBits: number,
    sigma: number,
    gain: number,
    clip: number,
    dither: number,
    tally: number,
  ): void
}

/** The size of an AVX-512 register. An engine may use wider loads than the module asks for. */
const ALIGNMENT = 64

/**
 * The layout of MixTally in native/core/mix.h: three sums of 16 accumulators, then two 64-bit
 * counts, then the peak.
 */
const SUM_BYTES = ACCUMULATORS * 8
const TALLY_BYTES = 3 * SUM_BYTES + 2 * 8 + 8

class WasmTally implements MixTally {
  readonly signal: Float64Array
  readonly noise: Float64Array
  readonly mixture: Float64Array
  readonly #counts: BigUint64Array
  readonly #peak: Float64Array

  constructor(readonly bytes: Uint8Array) {
    const { buffer, byteOffset } = bytes
    this.signal = new Float64Array(buffer, byteOffset, ACCUMULATORS)
    this.noise = new Float64Array(buffer, byteOffset + SUM_BYTES, ACCUMULATORS)
    this.mixture = new Float64Array(buffer, byteOffset + 2 * SUM_BYTES, ACCUMULATORS)
    this.#counts = new BigUint64Array(buffer, byteOffset + 3 * SUM_BYTES, 2)
    this.#peak = new Float64Array(buffer, byteOffset + 3 * SUM_BYTES + 2 * 8, 1)
  }

  get clipped(): number {
    return Number(this.#counts[0])
  }

  get nonFinite(): number {
    return Number(this.#counts[1])
  }

  get peak(): number {
    return this.#peak[0]
  }
}

class WasmKernels implements Kernels {
  readonly name = 'wasm'
  readonly #exports: Exports
  readonly #start: number
  /** Index of each kind of noise in the module. */
  readonly #kinds: ReadonlyMap<string, number>
  #free: number

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports
    if (typeof this.#exports.kind_name !== 'function') throw new Error('it was built from other sources')
    this.#start = Number(this.#exports.__heap_base.value)
    this.#free = this.#start
    this.#kinds = new Map(this.#names('kind_name').map((name, index) => [name, index]))
    this.#checkFit()
  }

  #names(list: 'kind_name' | 'format_name'): string[] {
    const memory = Buffer.from(this.#exports.memory.buffer)
    const names: string[] = []
    for (let at = this.#exports[list](0); at !== 0; at = this.#exports[list](names.length))
      names.push(memory.toString('latin1', at, memory.indexOf(0, at)))
    return names
  }

  /**
   * Throws if the module was built from other sources than this code. Its indexes would then mean
   * something else.
   */
  #checkFit(): void {
    const formats = sampleFormats.map(({ name }) => name).join()
    if (this.#names('format_name').join() !== formats) throw new Error(`it does not have the sample formats ${formats}`)
    const lacking = allKinds.find((kind) => isGenerated(kind) && !this.#kinds.has(kind.name))
    if (lacking) throw new Error(`it does not have the noise kind ${lacking.name}`)
    if (this.#exports.tally_bytes() !== TALLY_BYTES) throw new Error(`its sums do not take ${TALLY_BYTES} bytes`)
  }

  reset(): void {
    this.#free = this.#start
  }

  /**
   * Allocates zeroed bytes. The module's memory is large enough for the largest job and never
   * grows.
   */
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

  fill(kind: GeneratedKind, state: Uint32Array, parameters: Float64Array, out: Float32Array, frames: number): void {
    const index = this.#kinds.get(kind.name)!
    this.#exports.fill(index, state.byteOffset, parameters.byteOffset, out.byteOffset, frames)
  }

  filter(state: Float64Array, coefficients: Float64Array, values: Float32Array, frames: number): void {
    this.#exports.filter(state.byteOffset, coefficients.byteOffset, state.length, values.byteOffset, frames)
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

  survey(
    values: SampleValues,
    noise: Float32Array,
    count: number,
    format: SampleFormat,
    sigma: number,
    tally: MixTally,
  ): void {
    this.#exports.survey(values.byteOffset, noise.byteOffset, count, indexOf(format), sigma, addressOf(tally))
  }

  mix(
    values: SampleValues,
    noise: Float32Array,
    count: number,
    format: SampleFormat,
    validBits: number,
    { sigma, gain, clip, dither }: MixSettings,
    tally: MixTally,
  ): void {
    this.#exports.mix(
      values.byteOffset,
      noise.byteOffset,
      count,
      indexOf(format),
      validBits,
      sigma,
      gain,
      clip ? 1 : 0,
      dither?.byteOffset ?? 0,
      addressOf(tally),
    )
  }
}

const indexOf = (format: SampleFormat) => sampleFormats.indexOf(format)
const addressOf = (tally: MixTally) => (tally as WasmTally).bytes.byteOffset

export type WasmModule = WebAssembly.Module

/**
 * Compiles the module, which can then be sent to other threads. Throws if it is not a module or was
 * built from other sources.
 */
export function compileKernels(bytes: Uint8Array): WasmModule {
  const module = new WebAssembly.Module(bytes)
  new WasmKernels(module)
  return module
}

export function wasmKernels(module: WasmModule): Kernels {
  return new WasmKernels(module)
}
