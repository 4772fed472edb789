/** Kills a worker, the producer or Redis in the middle of a run by a queue, and comes to the end of it by --resume. */

import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, JOURNAL, temporaryFolder } from '../support/folders.js'
import { hasEnded, type Json, noisemill, type Running, startNoisemill } from '../support/programs.js'
import { Random } from '../support/random.js'
import { KEY, newQueue, RedisServer, redisTest } from '../support/redis.js'
import { bySize } from '../support/size.js'
import { until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

const ROUNDS = bySize(2, 6, 100)
const SHORT_FILES = 600
const LEVELS = ['--snr', '5:20', '--seed', 'kills', '--quiet']
const PARTIES = ['worker', 'producer', 'Redis'] as const
type Party = (typeof PARTIES)[number]
/** What Redis has after it was killed: nothing, or what it wrote to its file. */
const PERSISTENCE = {
  none: [],
  everysec: ['--appendonly', 'yes'],
  always: ['--appendonly', 'yes', '--appendfsync', 'always'],
}

/** The processes of one run, each of which can be killed and started again. */
class Round {
  readonly #environment
  readonly #workers: Running[] = []
  #producer: Running | undefined
  readonly #began = performance.now()
  /** What happened, for the message of an assertion. */
  readonly log: string[] = []

  constructor(
    readonly server: RedisServer,
    readonly queue: string,
    readonly read: string,
    readonly write: string,
  ) {
    this.#environment = { env: { NOISEMILL_REDIS: server.url, NOISEMILL_QUEUE_KEY: KEY } }
  }

  note(text: string): void {
    this.log.push(`${((performance.now() - this.#began) / 1000).toFixed(2)} s: ${text}`)
  }

  #start(args: readonly string[]): Running {
    const running = startNoisemill([...args, '--queue', this.queue], this.#environment)
    // It rejects if the process is killed.
    running.ended.catch(() => {})
    return running
  }

  startWorker(index: number): void {
    const folders = ['--read', this.read, '--write', this.write]
    this.#workers[index] = this.#start(['work', ...folders, '--jobs', '1', '--lease', '2000'])
  }

  startProducer(...more: string[]): void {
    this.#producer = this.#start(['add', this.read, '--out', this.write, ...LEVELS, '--jobs', '4', ...more])
  }

  get producer(): Running {
    return this.#producer!
  }

  /** Kills a party, and starts it again after a moment. The producer then resumes its run. */
  async kill(party: Party, worker: number, pause: number): Promise<void> {
    this.note(`${party} killed with ${this.outputs} outputs and ${this.temporaries} temporary files`)
    if (party === 'Redis') {
      await this.server.stop('SIGKILL')
      await setTimeout(pause)
      await this.server.start()
    } else {
      const victim = party === 'worker' ? this.#workers[worker] : this.producer
      victim.child.kill('SIGKILL')
      await setTimeout(pause)
      if (party === 'worker') this.startWorker(worker)
      else this.startProducer('--resume')
    }
    this.note(`${party} started again`)
  }

  get outputs(): number {
    return filesBelow(this.write).filter((file) => !isTemporary(file)).length
  }

  get temporaries(): number {
    return filesBelow(this.write).filter(isTemporary).length
  }

  /** Ends the workers as a platform does, when both wait for work, and resolves to how they ended. */
  async stopWorkers() {
    while ((await this.server.with(waiting)) < this.#workers.length) await setTimeout(20)
    for (const { child } of this.#workers) child.kill('SIGTERM')
    return Promise.all(this.#workers.map(({ ended }) => ended))
  }

  killAll(): void {
    for (const { child } of [...this.#workers, this.producer]) child.kill('SIGKILL')
  }
}

/** How many workers wait for work. */
async function waiting(client: Redis): Promise<number> {
  const clients = (await client.client('LIST')) as string
  return clients.split('\n').filter((line) => line.includes(' cmd=bzpopmin ')).length
}

/** How many lines of each kind the journal has about each output; a line that was cut off is none. */
function finalStates(write: string): Record<string, string[]> {
  const states: Record<string, string[]> = {}
  for (const text of readFileSync(path.join(write, JOURNAL), 'utf8').split('\n')) {
    const line = parsed(text)
    for (const kind of ['done', 'failed', 'left']) {
      const output: string | undefined = line?.[kind]
      if (output !== undefined) states[output] = [...(states[output] ?? []), kind]
    }
  }
  return states
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

redisTest(`${ROUNDS} times a worker, the producer or Redis is killed, and the run comes to its end`, async () => {
  const random = new Random(11)
  const folder = temporaryFolder()
  const [read, local] = ['speech', 'local'].map((name) => path.join(folder, name))
  const short = Array.from({ length: SHORT_FILES }, (_, i) => [`${i % 7}/${i}.wav`, pcm16(200 + i)] as const)
  const long = [2, 5].map((i) => [`${i}/long.wav`, pcm16(10_000_000 + i)] as const)
  writeFiles(read, Object.fromEntries([...short, ...long]))
  const inputs = hashesBelow(read)
  expect(await noisemill(['add', read, '--out', local, ...LEVELS])).toMatchObject({ code: 0 })
  const whole = hashesBelow(local)
  const names = Object.keys(whole)
  const counts: Record<string, number> = {}
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1
  }

  for (let i = 0; i < ROUNDS; i++) {
    const parties = random.once(4) ? [random.pick(PARTIES), random.pick(PARTIES)] : [PARTIES[i % PARTIES.length]]
    const persistence = random.pick(Object.keys(PERSISTENCE) as (keyof typeof PERSISTENCE)[])
    const write = path.join(folder, `noisy-${i}`)
    mkdirSync(write)
    const server = new RedisServer(PERSISTENCE[persistence])
    onTestFinished(() => server.stop('SIGKILL'))
    await server.start()
    const round = new Round(server, newQueue(), read, write)
    onTestFinished(() => round.killAll())
    const began = performance.now()
    for (const worker of [0, 1]) round.startWorker(worker)
    round.startProducer()
    for (const party of parties) {
      const [outputs, short, long, worker, pause] = [names.length, 20, 1000, 2, 1500].map((n) => random.below(n))
      // In the middle of the files, or at any time from the start of the processes on.
      const isMiddle = !random.once(3)
      await until(() => !isMiddle || round.outputs >= outputs || hasEnded(round.producer))
      await setTimeout(isMiddle ? short : long)
      const { outputs: made, temporaries } = round
      await round.kill(party, worker, pause)
      count(party)
      count(`persistence ${persistence}`)
      if (made > 0 && made < names.length) count('with some done')
      if (temporaries > 0) count('with temporaries')
    }
    const title = () => `round ${i}, persistence ${persistence}: ${round.log.join('; ')}`
    const ended = await round.producer.ended
    round.note(`the producer ended with ${ended.code}`)
    // A run beside a worker that has just been killed has nothing to complain of.
    expect(ended, title()).toEqual({ code: 0, stdout: '', stderr: '' })
    // An old message may still be worked on.
    for (const worker of await round.stopWorkers()) expect(worker.code, `${title()}\n${worker.stderr}`).toBe(0)
    expect(hashesBelow(write), title()).toEqual(whole)
    expect(hashesBelow(read), title()).toEqual(inputs)
    expect(finalStates(write), title()).toEqual(Object.fromEntries(names.map((name) => [name, ['done']])))
    await server.stop('SIGKILL')
    server.remove()
    rmSync(write, { recursive: true })
    console.log(`${title()}; ${((performance.now() - began) / 1000).toFixed(1)} s`)
  }
  console.log(JSON.stringify(counts))
})
