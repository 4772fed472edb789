/** A process that works step by step, so that two of them can take turns. */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { hasGroups, killGroup } from './process.js'
import type { Command } from './workload.js'

const STEP_LIMIT_SECONDS = 60

/** What a step took, in milliseconds. */
export interface Step {
  readonly time: number
  /** CPU time of all threads. */
  readonly cpu: number
}

export interface StepOptions {
  readonly cwd: string
  readonly signal: AbortSignal
}

/** For each line that it gets, its process does its work once and answers with a line. */
export class Stepper implements Disposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>
  readonly #signal: AbortSignal
  readonly #kill = (): void => killGroup(this.#child)
  #stderr = ''
  #isOverLimit = false

  constructor({ file, args, env, cwd: own }: Command, { cwd, signal }: StepOptions) {
    signal.throwIfAborted()
    this.#child = spawn(file, args, {
      cwd: own ?? cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: hasGroups,
    })
    this.#signal = signal
    signal.addEventListener('abort', this.#kill, { once: true })
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text
    })
    // If the process has died, its last answer is missing, which is noticed there.
    this.#child.stdin.on('error', () => {})
    this.#child.on('error', (error) => {
      this.#stderr += error.message
    })
    this.#lines = createInterface({ input: this.#child.stdout })
    this.#answers = this.#lines[Symbol.asyncIterator]()
  }

  /**
   * Does one step.
   *
   * @throws Error if the process ended or did not answer in time; the signal's reason
   */
  async step(): Promise<Step> {
    this.#child.stdin.write('\n')
    const answer = await this.#answer()
    const [time, cpu] = answer.split(' ').map(Number)
    if (!(time > 0 && cpu >= 0)) throw new Error(`reported no valid time: ${answer.slice(0, 100)}`)
    return { time, cpu }
  }

  /** Ends the process. Resolves to the digest of its last results. */
  end(): Promise<string> {
    this.#child.stdin.end()
    return this.#answer()
  }

  async #answer(): Promise<string> {
    const timer = setTimeout(() => {
      this.#isOverLimit = true
      this.#kill()
    }, 1000 * STEP_LIMIT_SECONDS)
    const { value, done } = await this.#answers.next()
    clearTimeout(timer)
    if (!done) return value
    this.#signal.throwIfAborted()
    if (this.#isOverLimit) throw new Error(`did not answer within ${STEP_LIMIT_SECONDS} s, and was killed`)
    throw new Error(`ended early: ${this.#stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? ''}`)
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#kill)
    this.#kill()
    this.#lines.close()
  }
}
