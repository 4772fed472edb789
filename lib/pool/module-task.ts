/** The task for work of your own: a function exported by a module, called in worker threads. */

import { checkKeys, checkObject } from '../checks.js'
import { invalidOption, NoisemillError } from '../errors.js'
import { defineTask, type Planned, type Task, type TaskRun } from './task.js'

export interface ModuleTaskOptions {
  /**
   * Name of an exported function that each thread calls once, with `data`, before its first item. What it returns (or
   * resolves to) is the second argument of every call: the place for what all items share.
   */
  readonly setup?: string
  /** Cloned to each thread once: the argument of `setup`, or without it the second argument of every call. */
  readonly data?: unknown
}

/** How one item of a module task ended. */
export type ItemRecord<Item, Value> = DoneItem<Item, Value> | FailedItem<Item>

export interface DoneItem<Item, Value> {
  readonly index: number
  readonly item: Item
  readonly status: 'done'
  readonly value: Value
}

export interface FailedItem<Item> {
  readonly index: number
  readonly item: Item
  readonly status: 'failed'
  readonly error: NoisemillError
}

/** A task that calls a user's function. */
export type ModuleTask<Item, Value> = Task<Item, ItemRecord<Item, Value>, 'module'>

/**
 * A task for Pool's map, imap and imapUnordered that calls `name`, exported by the module `url`, with each item (and with
 * what `options` share). The function may be async. Items and results cross threads by structured clone: pass file names
 * rather than their content.
 *
 * @param url a file: URL (or an absolute path) of a JavaScript module: `new URL('./etl.js', import.meta.url)`
 * @throws NoisemillError E_OPTION_INVALID or E_OPTION_UNKNOWN; whether the module can be loaded shows when it runs
 */
// biome-ignore lint/suspicious/noExplicitAny: what a module's function takes and gives is for its caller to say
export function moduleTask<Item = any, Value = any>(
  url: URL | string,
  name = 'default',
  options: ModuleTaskOptions = {},
): ModuleTask<Item, Value> {
  const isUrl =
    url instanceof URL ? url.protocol === 'file:' : typeof url === 'string' && /^(file:|\/|[a-z]:[\\/])/i.test(url)
  if (!isUrl) throw invalidOption('url', 'a file: URL or an absolute path', url instanceof URL ? url.href : url)
  if (typeof name !== 'string' || name === '') throw invalidOption('name', 'the name of an exported function', name)
  checkObject('options', options)
  checkKeys(options, ['setup', 'data'])
  const setup = options.setup as string | undefined
  if (setup !== undefined && typeof setup !== 'string')
    throw invalidOption('setup', 'the name of an exported function', setup)
  return defineTask<Item, Item, Value, ItemRecord<Item, Value>, 'module'>({
    lane: 'module',
    call: { url: String(url), name, setup, data: options.data },
    start: () => new ModuleRun<Item, Value>(),
  })
}

interface PlannedCall<Item, Value> extends Planned<Item, ItemRecord<Item, Value>> {
  readonly index: number
  readonly job: Item
}

class ModuleRun<Item, Value> implements TaskRun<Item, Item, Value, ItemRecord<Item, Value>> {
  plan(item: Item, index: number): PlannedCall<Item, Value>[] {
    return [{ index, job: item }]
  }

  settle(planned: Planned<Item, ItemRecord<Item, Value>>, value: Value): ItemRecord<Item, Value> {
    const { index, job: item } = planned as PlannedCall<Item, Value>
    return { index, item, status: 'done', value }
  }

  fail(planned: Planned<Item, ItemRecord<Item, Value>>, error: NoisemillError): ItemRecord<Item, Value> {
    const { index, job: item } = planned as PlannedCall<Item, Value>
    const { code, cause, received } = error
    const details = { index, item, cause, ...(received !== undefined && { received }) }
    return { index, item, status: 'failed', error: new NoisemillError(code, details) }
  }

  failureOf(record: ItemRecord<Item, Value>): NoisemillError | undefined {
    return record.status === 'failed' ? record.error : undefined
  }
}
