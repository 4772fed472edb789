/** Reads `--shard`, which may take the shard from the environment of an array job. */

import { invalidOption, NoisemillError } from '../errors.js'
import { plural } from '../show.js'

type Environment = Readonly<Record<string, string | undefined>>

/** A shard, and the variable that says which it is, if it is one of the environment. */
export interface ReadShard {
  readonly shard: string
  readonly from?: string
}

const FLAG = '--shard'

/** Reads an integer from the environment. Undefined if the variable is not set. */
function integerIn(environment: Environment, name: string): number | undefined {
  const text = environment[name]
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,9}$/.test(text)) throw invalidOption(FLAG, `an integer in ${name}`, text)
  return Number(text)
}

/** An array job: which task of it this is, from 1, and how many tasks there are, if the environment says it. */
interface ArrayTask {
  readonly number: number
  readonly count: number | undefined
}

/** The variables that say which task of an array job this is. */
const systems: Readonly<Record<string, (id: number, environment: Environment) => ArrayTask>> = {
  SLURM_ARRAY_TASK_ID: slurmTask,
  AWS_BATCH_JOB_ARRAY_INDEX: (id, environment) => ({
    number: id + 1,
    count: integerIn(environment, 'AWS_BATCH_JOB_ARRAY_SIZE'),
  }),
  JOB_COMPLETION_INDEX: (id) => ({ number: id + 1, count: undefined }),
}

function slurmTask(id: number, environment: Environment): ArrayTask {
  const [first, last, step, count] = ['MIN', 'MAX', 'STEP', 'COUNT'].map((name) =>
    integerIn(environment, `SLURM_ARRAY_TASK_${name}`),
  )
  if (first === undefined || last === undefined) return { number: id, count }
  const each = step || 1
  const number = (id - first) / each + 1
  if (!Number.isInteger(number) || (count !== undefined && (last - first) / each + 1 !== count))
    throw new NoisemillError('E_OPTION_INVALID', {
      option: FLAG,
      expected: 'array indexes without gaps, such as --array=1-8',
      received: `${count ?? 'some'} indexes from ${first} to ${last} in steps of ${each}. Give the shard itself, as K/N`,
    })
  return { number, count: count ?? (last - first) / each + 1 }
}

/** Reads the value of --shard: K/N, auto, or auto/N. Throws E_OPTION_INVALID. */
export function readShard(text: string, environment: Environment): ReadShard {
  const [, given] = /^auto(?:\/([1-9]\d{0,6}))?$/.exec(text) ?? [undefined, undefined]
  if (!/^auto(\/|$)/.test(text)) return { shard: text }
  if (text !== 'auto' && given === undefined) throw invalidOption(FLAG, 'K/N, auto or auto/N, such as 3/8', text)
  const names = Object.keys(systems)
  const found = names.filter((name) => integerIn(environment, name) !== undefined)
  if (found.length !== 1)
    throw new NoisemillError('E_OPTION_INVALID', {
      option: FLAG,
      expected: `one of ${names.slice(0, -1).join(', ')} and ${names.at(-1)} in the environment`,
      received: found.length === 0 ? 'none of them' : found.join(' and '),
    })
  const [from] = found
  const { number, count } = systems[from](integerIn(environment, from)!, environment)
  const wanted = given === undefined ? undefined : Number(given)
  if (wanted === undefined && count === undefined)
    throw new NoisemillError('E_OPTION_INVALID', {
      option: FLAG,
      expected: `auto/N, because ${from} does not say how many tasks there are`,
      received: text,
    })
  if (wanted !== undefined && count !== undefined && wanted !== count)
    throw new NoisemillError('E_OPTION_INVALID', {
      option: FLAG,
      expected: `${wanted} tasks`,
      received: `an array job of ${plural(count, 'task')}. Give the shard itself, as K/N`,
    })
  return { shard: `${number}/${wanted ?? count}`, from }
}
