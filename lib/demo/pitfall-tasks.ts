/** The functions that `noisemill demo pitfalls` calls, in its plain loops and in worker threads. */

import { readFileSync, writeFileSync } from 'node:fs'

export const timesTen = (n: number): number => n * 10

/** Returns the nth Fibonacci number, computed from the beginning. */
export function fibonacci(n: number): bigint {
  let [a, b] = [0n, 1n]
  for (let i = 0; i < n; i++) [a, b] = [b, a + b]
  return a
}

/** Returns the first Fibonacci numbers, each computed from the two before it. */
export function fibonacciNumbers(count: number): bigint[] {
  const numbers = [0n, 1n]
  while (numbers.length < count) numbers.push(numbers[numbers.length - 1] + numbers[numbers.length - 2])
  return numbers
}

export function digitSum(number: bigint): number {
  let sum = 0
  for (const digit of number.toString()) sum += Number(digit)
  return sum
}

export const digitSumFromBeginning = (n: number): number => digitSum(fibonacci(n))

/** @param numbers what `fibonacciNumbers`, the setup, returned */
export const digitSumFromNumbers = (n: number, numbers: readonly bigint[]): number => digitSum(numbers[n])

/** An item that has its function in it. */
export interface Call {
  run(n: number): unknown
  readonly n: number
}

export const callFunction = ({ run, n }: Call): unknown => run(n)

/** An item that has the name of its function. */
export interface NamedCall {
  readonly name: 'fibonacci' | 'timesTen'
  readonly n: number
}

const functions = { fibonacci, timesTen }

export const callNamed = ({ name, n }: NamedCall): unknown => functions[name](n)

export interface SamplesFile {
  readonly file: string
  readonly samples: number
  readonly frequency: number
}

/** Writes a file of float32 samples of a sine. */
export function writeSamples({ file, samples, frequency }: SamplesFile): void {
  writeFileSync(
    file,
    Float32Array.from({ length: samples }, (_, i) => Math.sin(frequency * i)),
  )
}

export function readSamples(file: string): Float32Array<ArrayBuffer> {
  const bytes = readFileSync(file)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / Float32Array.BYTES_PER_ELEMENT)
}

/** Returns the highest absolute value. An indexed loop takes a third of the time of `for of`. */
export function peak(samples: Float32Array): number {
  let highest = 0
  for (let i = 0; i < samples.length; i++) {
    const value = Math.abs(samples[i])
    if (value > highest) highest = value
  }
  return highest
}

export const peakOfFile = (file: string): number => peak(readSamples(file))

/** Computes for some time, which is proportional to the number of steps. */
export function compute(steps: number): number {
  let state = steps
  for (let i = 0; i < steps; i++) state = (Math.imul(state, 31) + i) | 0
  return state
}

export const computeAll = (steps: readonly number[]): number[] => steps.map(compute)
