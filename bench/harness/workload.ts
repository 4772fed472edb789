/** What the benchmark runs: workloads, and the contenders that do each of them. */

import type { Needs } from './room.js'
import type { Scratch } from './scratch.js'

/** `short` is for a first look in three minutes, `full` for records. */
export type Size = 'short' | 'full'

/** The same work, done by several contenders: one table of the report. */
export interface Workload {
  /** Unique. Names the workload in `--filter` and in records, such as `talk`. */
  readonly name: string
  /** Heading in plain words. */
  readonly title: string
  /** What its figures answer, as one question. */
  readonly question: string
  /** Unit of its values. For all of them, less is better. */
  readonly unit: 's' | 'ms' | 'us an item' | 'ns a sample' | 'us a file'
  /** Name of the contender that others are compared with. */
  readonly reference: string
  /** Whether the report shows the use of every core over time, so that the record keeps it. */
  readonly showsCores?: boolean
  /** The work in one sentence with its numbers: '24 files of 240 s, float32, 44.1 kHz, mono'. */
  work(size: Size): string
  /** Room that it needs at a time, in bytes. The workload is skipped, and that is said, where there is less. */
  needs(size: Size): Needs
  /** Makes the inputs below `place.inputs`. Not timed. */
  prepare?(place: Place): Promise<void>
  contenders(size: Size): readonly Contender[]
  /**
   * Checks what a trial wrote, outside the time. Returns a digest of the outputs.
   *
   * @throws Error that says how the contender did less than its work
   */
  verify?(place: Place, contender: Contender): Promise<string>
}

/** One way of doing the work of a workload. Each trial is one process. */
export interface Contender {
  /** Unique within the workload, and stable: records are compared by it. */
  readonly name: string
  /** Name for people who do not know the project, for charts and tables. */
  readonly label: string
  /** Whose way it is. `limit` does less than the work: what it takes is a lower limit for the others. */
  readonly kind: 'noisemill' | 'node' | 'python' | 'tool' | 'limit'
  /** What a `limit` measures. The largest limit of a workload (at the same `x`) is the one that counts. */
  readonly limit?: Limit
  /** For curves: the contenders of a series are points of one line, and `x` is where. */
  readonly series?: string
  readonly x?: number
  /** Whether it takes part only with `--full`. */
  readonly isOnlyInFull?: boolean
  /** Whether `--against` compares two builds by it: it must run noisemill, and take less than a second. */
  readonly isCompared?: boolean
  /** Why it cannot run here, and the command that installs what is missing. */
  missing?(): Promise<Missing | undefined>
  /** The process of a trial. */
  command(place: Place): Command
  /**
   * What counts: the time of the whole process in seconds, or what the process says of itself, a
   * `Reported` as the last line of its stdout.
   */
  readonly value: 'whole' | 'reported'
  /**
   * For `whole`: the factor from seconds to the workload's unit, such as 1e6 / files for 'us a file'.
   * 1 by default.
   */
  readonly scale?: number
  /** Contenders with the same word here must have the same digests. */
  readonly outputs?: string
}

/** What a program cannot do without: it moves the bytes, asks the system for files, and starts Node. */
export type Limit = 'bytes moved' | 'system calls' | "Node's start"

export interface Missing {
  readonly what: string
  /** A command, such as `apt-get install sox`, or a sentence if there is none. */
  readonly install: string
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Folder in which it runs; the output folder if undefined. */
  readonly cwd?: string
}

/** The last line of stdout of a process that measures itself, as JSON. */
export interface Reported {
  /** In the workload's unit. */
  readonly value: number
  /** Digest of its results, if it has no output files. */
  readonly digest?: string
  /** Other figures for the report, by name, such as a histogram. */
  readonly figures?: Readonly<Record<string, number | readonly number[]>>
  /** What came of it in words, for tables, if a time does not tell it: such as the text of an error. */
  readonly note?: string
}

/** Where trials run. */
export interface Place {
  readonly scratch: Scratch
  readonly size: Size
  /** Folder of the inputs. */
  readonly inputs: string
  /** Folder for outputs, new and empty for each trial. */
  readonly out: string
  /** The package under test: a folder with its `dist`. With `--against`, there are two of them. */
  readonly build: string
}
