/** Says from the journals of an output folder what is done, what failed and what is left to do. */

import { closeSync, constants, createReadStream } from 'node:fs'
import { NoisemillError } from '../errors.js'
import { showPath } from '../files/paths.js'
import { Counts, plural } from '../show.js'
import { type FoundJournal, journalsIn, openJournal } from './journal-files.js'
import {
  type EndLine,
  type JournalLine,
  Lines,
  type OutputLine,
  pathOf,
  type RunLine,
  runOf,
  textOf,
} from './journal-lines.js'
import { isAlive } from './run-process.js'

/** What the journals of a folder say. */
export interface FolderStatus {
  /** 'status'. */
  readonly type: 'status'
  /** Whether all shards have ended, and no output failed or is left to do. */
  readonly complete: boolean
  /** Number of outputs that are complete. */
  readonly done: number
  /** Number of outputs that failed. */
  readonly failed: number
  /** Number of outputs in progress: begun by a run that still runs, or by one on another machine that may still run. */
  readonly running: number
  /** Number of outputs that were begun by a run that has ended since, and are not complete. */
  readonly unfinished: number
  /** Number of failed outputs with each error, by code: `{ "E_WAV_TRUNCATED": 1 }`. */
  readonly codes: Readonly<Record<string, number>>
  /** Failed outputs, at most ten: their paths below the folder, and the codes of their errors. */
  readonly failures: readonly Failure[]
  /** The journals of the folder. */
  readonly journals: readonly JournalStatus[]
  /** Shards that have no journal, as K/N. N is that of the last run. */
  readonly missing: readonly string[]
  /** What to do next, in a sentence. */
  readonly next: string
}

interface Failure {
  readonly output: string
  readonly code: string
}

/** What one journal says. */
export interface JournalStatus {
  /** Name of the journal. */
  readonly journal: string
  /** Its shard, as K/N; null for the journal of runs over all files. */
  readonly shard: string | null
  /**
   * 'running' if a run has not ended, 'ended' if the last one has come to its end, 'stopped' if it was interrupted or
   * killed, 'unknown' if it has not ended and is on another machine.
   */
  readonly state: 'running' | 'ended' | 'stopped' | 'unknown'
  /** Host of the run that the state is about; null if there was none. */
  readonly host: string | null
  /** Its process id; null if there was none. */
  readonly pid: number | null
  /** Number of outputs that are complete, by this journal. */
  readonly done: number
  /** Number of outputs that failed, by this journal. */
  readonly failed: number
  /** Number of outputs that its runs have begun and not ended. */
  readonly begun: number
}

/** What is known of an output. Of two journals, the larger counts. */
const State = { unfinished: 0, failed: 1, running: 2, done: 3 } as const
const STATES = 4
/** Most failed outputs that are named. */
const NAMED = 10

/** Numbers texts. */
class Numbers {
  readonly texts: string[] = []
  readonly #numbers = new Map<string, number>()

  of(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.texts.length)
    return this.texts.push(text) - 1
  }
}

/** An output in a journal, as one number, because there may be millions: its state and the code of its error. */
const packed = (state: number, code = 0): number => state + STATES * code
const stateOf = (output: number): number => output % STATES
const codeOf = (output: number): number => Math.floor(output / STATES)

interface Begun {
  readonly text: string
  readonly before: number | undefined
}

/** Reads a journal. What runs with other settings than those of the last one did is forgotten. */
class JournalReader {
  readonly outputs = new Map<string, number>()
  readonly runs = new Map<string, RunLine>()
  readonly #ends = new Map<string, EndLine>()
  readonly #begun = new Map<string, Begun>()
  /** The settings that count, as JSON. */
  settings: string | undefined
  /** The last run that was found to have them. */
  #run = ''
  last: RunLine | undefined

  constructor(readonly codes: Numbers) {}

  async read(fd: number): Promise<void> {
    const lines = new Lines((line) => this.#add(line))
    for await (const part of createReadStream('', { fd, start: 0, autoClose: false })) lines.add(part)
    lines.readLast()
    for (const [id, { text }] of this.#begun) {
      // Another run has ended it since.
      if (this.outputs.has(text)) continue
      const run = this.runs.get(runOf(id))
      const isOpen = run !== undefined && !this.#ends.has(run.run) && isAlive(run) !== false
      this.outputs.set(text, packed(isOpen ? State.running : State.unfinished))
    }
  }

  #add(line: JournalLine): void {
    if ('run' in line) {
      this.runs.set(line.run, line)
      this.last = line
      return
    }
    if ('end' in line) {
      this.#ends.set(line.end, line)
      return
    }
    if (this.#isCurrent(runOf(line.id), 'begin' in line)) this.#addOutput(line)
  }

  #addOutput(line: OutputLine): void {
    if ('begin' in line) {
      const text = textOf(line.begin)
      this.#begun.set(line.id, { text, before: this.outputs.get(text) })
      this.outputs.delete(text)
    } else if ('done' in line) {
      this.#begun.delete(line.id)
      this.outputs.set(textOf(line.done), packed(State.done))
    } else {
      const text = textOf('failed' in line ? line.failed : line.left)
      const before = this.outputs.get(text) ?? this.#begun.get(line.id)?.before
      this.#begun.delete(line.id)
      const isDone = before !== undefined && stateOf(before) === State.done && 'failed' in line
      const code = typeof line.code === 'string' ? line.code : undefined
      const after = isDone || code === undefined ? before : packed(State.failed, this.codes.of(code))
      if (after !== undefined) this.outputs.set(text, after)
    }
  }

  /** Whether a run has the settings that count: those of the last run that began an output. */
  #isCurrent(name: string, begins: boolean): boolean {
    if (name === this.#run) return true
    const run = this.runs.get(name)
    if (run === undefined) return false
    const settings = JSON.stringify([run.settings, run.stream])
    if (this.settings !== undefined && settings !== this.settings) {
      if (!begins) return false
      this.outputs.clear()
      this.#begun.clear()
    }
    this.settings = settings
    this.#run = name
    return true
  }

  /** Describes the run that matters: one that still runs, or the last. */
  state(): Pick<JournalStatus, 'state' | 'host' | 'pid'> {
    const open = [...this.runs.values()].filter(({ run }) => !this.#ends.has(run))
    const running = open.find((run) => isAlive(run) === true)
    const run = running ?? this.last
    if (run === undefined) return { state: 'stopped', host: null, pid: null }
    const end = this.#ends.get(run.run)
    const ended = end?.stopped === true ? 'stopped' : 'ended'
    const unended = running ? 'running' : isAlive(run) === undefined ? 'unknown' : 'stopped'
    return { state: end === undefined ? unended : ended, host: String(run.host), pid: run.pid }
  }
}

const showShard = ({ shard }: FoundJournal): string | null => (shard ? `${shard.number}/${shard.count}` : null)

/** Reads the journals of a folder. Throws NoisemillError E_JOURNAL, or E_JOURNAL_MISSING if there is none. */
export async function statusOf(out: string): Promise<FolderStatus> {
  const found = await journalsIn(out).catch((cause) => {
    throw new NoisemillError('E_JOURNAL_MISSING', { path: out, cause })
  })
  if (found.length === 0) throw new NoisemillError('E_JOURNAL_MISSING', { path: out })
  const codes = new Numbers()
  let all = new Map<string, number>()
  const settings = new Set<string>()
  const journals: JournalStatus[] = []
  /** When the last run of each number of shards began. */
  let last: { readonly at: number; readonly count: number | undefined } = { at: -1, count: undefined }
  for (const journal of found) {
    const reader = await readJournal(journal, codes)
    if (reader.settings !== undefined) settings.add(reader.settings)
    const at = Math.max(0, ...Array.from(reader.runs.values(), ({ at }) => (typeof at === 'number' ? at : 0)))
    if (at > last.at) last = { at, count: journal.shard?.count }
    const counts = new Array<number>(STATES).fill(0)
    for (const output of reader.outputs.values()) counts[stateOf(output)]++
    all = merged(all, reader.outputs)
    journals.push({
      journal: journal.name,
      shard: showShard(journal),
      ...reader.state(),
      done: counts[State.done],
      failed: counts[State.failed],
      begun: counts[State.running] + counts[State.unfinished],
    })
  }
  const asked = found.flatMap(({ shard }, i) => (shard?.count === last.count ? [{ shard, status: journals[i] }] : []))
  const present = new Set(asked.map(({ shard }) => shard?.number))
  const numbers = Array.from({ length: last.count ?? 0 }, (_, i) => i + 1)
  const missing = numbers.filter((number) => !present.has(number)).map((number) => `${number}/${last.count}`)
  const outputs = countOutputs(all, codes)
  return {
    type: 'status',
    ...outputs,
    journals,
    missing,
    ...judge(
      outputs,
      asked.map(({ status }) => status),
      missing,
      settings.size > 1,
    ),
  }
}

/** Adds the outputs of another journal. Returns one of the two maps, because there may be millions of outputs. */
function merged(all: Map<string, number>, more: Map<string, number>): Map<string, number> {
  if (all.size === 0) return more
  for (const [text, output] of more) {
    const known = all.get(text)
    if (known === undefined || stateOf(output) > stateOf(known)) all.set(text, output)
  }
  return all
}

async function readJournal({ file }: FoundJournal, codes: Numbers): Promise<JournalReader> {
  const reader = new JournalReader(codes)
  try {
    const fd = openJournal(file, constants.O_RDONLY)
    try {
      await reader.read(fd)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw new NoisemillError('E_JOURNAL', { path: file, cause })
  }
  return reader
}

type OutputCounts = Pick<FolderStatus, 'done' | 'failed' | 'running' | 'unfinished' | 'codes' | 'failures'>

function countOutputs(all: ReadonlyMap<string, number>, codes: Numbers): OutputCounts {
  const counts = new Array<number>(STATES).fill(0)
  const byCode = new Counts()
  const failures: Failure[] = []
  for (const [text, output] of all) {
    counts[stateOf(output)]++
    if (stateOf(output) !== State.failed) continue
    const code = codes.texts[codeOf(output)]
    byCode.add(code)
    if (failures.length < NAMED) failures.push({ output: showPath(pathOf(text)), code })
  }
  return {
    done: counts[State.done],
    failed: counts[State.failed],
    running: counts[State.running],
    unfinished: counts[State.unfinished],
    codes: byCode.byName(),
    failures,
  }
}

/** Says whether all is complete, and what to do if it is not. */
function judge(
  { failed, running, unfinished }: OutputCounts,
  asked: readonly JournalStatus[],
  missing: readonly string[],
  settingsDiffer: boolean,
): Pick<FolderStatus, 'complete' | 'next'> {
  const incomplete = (next: string) => ({ complete: false, next })
  if (settingsDiffer)
    return incomplete('The journals are about different settings: use one folder for each, or remove the old journals.')
  const shardsIn = (...states: JournalStatus['state'][]) =>
    asked.filter(({ state }) => states.includes(state)).map(({ shard }) => shard)
  const again = [...missing, ...shardsIn('stopped')].filter((shard) => shard !== null)
  if (again.length > 0) return incomplete(`Run ${shardsInWords(again)} with --resume.`)
  if (shardsIn('stopped').length > 0) return incomplete('Run the same command with --resume.')
  if (shardsIn('running', 'unknown').length > 0 || running > 0)
    return incomplete(
      'Wait for the runs that have not ended. If one was killed on another machine, run it again with --resume.',
    )
  if (failed > 0) return incomplete(`Correct what failed, then run the same command with --resume.`)
  if (unfinished > 0) return incomplete('Run the same command with --resume.')
  return { complete: true, next: 'All is done.' }
}

/** Most shards that a sentence names. */
const NAMED_SHARDS = 20

function shardsInWords(shards: readonly string[]): string {
  const [, count] = shards[0].split('/')
  const numbers = shards.map((shard) => Number(shard.split('/')[0])).sort((a, b) => a - b)
  const rest = numbers.length - NAMED_SHARDS
  const named = numbers.slice(0, NAMED_SHARDS).join(', ')
  const noun = numbers.length === 1 ? 'shard' : 'shards'
  return `${noun} ${named}${rest > 0 ? ` and ${plural(rest, 'other')}` : ''} of ${count}`
}
