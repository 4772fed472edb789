/** Contenders that each have a process, which keeps its threads from round to round and is warm. */

import { type ChildProcess, fork } from 'node:child_process'
import { type Contender, compare, progress, type Row } from '../harness.js'
import { ask, nextMessage } from './processes.js'

/** Runs a round, and resolves to what it measured. */
export type Round<Measured = number> = (argument?: unknown) => Promise<Measured>

/** What a module exports as `contenders`. Its functions run in the processes. */
export type Contenders<Settings = unknown, Measured = number> = Readonly<
  Record<string, (settings: Settings) => Round<Measured> | Promise<Round<Measured>>>
>

/** Rounds before the first one that counts, in which functions are compiled and threads start. */
const WARM_UPS = 2

/** The processes of some contenders of a module. */
export class Trials implements Disposable {
  readonly #processes = new Map<string, ChildProcess>()
  /** Why contenders do not take part, by name. */
  readonly leftOut: Record<string, string> = {}

  /** @param module URL of the module that exports the contenders */
  static async start(module: string, names: readonly string[], settings: unknown, warmUps = WARM_UPS): Promise<Trials> {
    const trials = new Trials()
    try {
      for (const name of names) await trials.#start(module, name, settings, warmUps)
    } catch (error) {
      trials[Symbol.dispose]()
      throw error
    }
    return trials
  }

  async #start(module: string, name: string, settings: unknown, warmUps: number): Promise<void> {
    progress(`warm-up: ${name}`)
    const args = [module, name, String(warmUps), JSON.stringify(settings)]
    const child = fork(new URL('./trial.js', import.meta.url), args, {
      execArgv: ['--expose-gc'],
      serialization: 'advanced',
    })
    this.#processes.set(name, child)
    const { refused } = await nextMessage<{ refused?: string }>(child)
    if (refused === undefined) return
    console.error(`${name} does not take part: ${refused}`)
    this.leftOut[name] = refused
    this.#end(name)
  }

  /** Runs a round of one contender. */
  async round<Measured>(name: string, argument?: unknown): Promise<Measured> {
    return (await ask<{ measured: Measured }>(this.#processes.get(name)!, argument ?? null)).measured
  }

  /** Runs rounds of all contenders in turn. */
  compare(rounds: number, argument?: unknown): Promise<Row[]> {
    const contenders = Array.from(this.#processes.keys(), (name): Contender => {
      return { name, run: () => this.round<number>(name, argument) }
    })
    return compare(contenders, rounds)
  }

  #end(name: string): void {
    this.#processes.get(name)?.kill()
    this.#processes.delete(name)
  }

  [Symbol.dispose](): void {
    for (const name of this.#processes.keys()) this.#end(name)
  }
}

/** Runs each round of each contender in a process of its own. */
export async function runFresh<Measured>(
  module: string,
  names: readonly string[],
  settings: unknown,
  rounds: number,
): Promise<{ trials: Record<string, Measured[]>; leftOut: Record<string, string> }> {
  const trials: Record<string, Measured[]> = {}
  const leftOut: Record<string, string> = {}
  for (let round = 0; round < rounds; round++) {
    for (const name of names.filter((name) => !(name in leftOut))) {
      using fresh = await Trials.start(module, [name], settings, 0)
      Object.assign(leftOut, fresh.leftOut)
      if (name in leftOut) continue
      progress(`round ${round + 1} of ${rounds}: ${name}`)
      trials[name] = [...(trials[name] ?? []), await fresh.round<Measured>(name)]
    }
  }
  progress('')
  return { trials, leftOut }
}

/** Resolves to the milliseconds until a promise resolves, and to its value. */
export async function timed<T>(run: () => Promise<T>): Promise<{ milliseconds: number; value: T }> {
  const started = performance.now()
  const value = await run()
  return { milliseconds: performance.now() - started, value }
}
