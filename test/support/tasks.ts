/** Tasks that call functions of the modules in tasks/, and cells, which those functions share with tests. */

import { type ModuleTask, type ModuleTaskOptions, moduleTask } from '../../dist/index.js'

// biome-ignore lint/suspicious/noExplicitAny: what the functions take and give is seen in the modules
type AnyTask = ModuleTask<any, any>

const tasksOf = (file: string) => (name: string, options?: ModuleTaskOptions) =>
  moduleTask(new URL(`./tasks/${file}`, import.meta.url), name, options) as AnyTask

/** Tasks that call a function of the modules in tasks/. */
export const calls = tasksOf('calls.mjs')
export const failing = tasksOf('failing.mjs')
export const timed = tasksOf('timed.mjs')
export const diagnosed = tasksOf('diagnosed.mjs')
export const crashing = tasksOf('crashing.mjs')
export const lasting = tasksOf('lasting.mjs')
export const buffers = tasksOf('buffers.mjs')
export const controlled = tasksOf('control.mjs')
export const inProcesses = tasksOf('processes.mjs')

/** Makes a number that all threads share: a gate (closed while it is 0) or a counter. */
export const cell = () => new Int32Array(new SharedArrayBuffer(4))
export const load = (shared: Int32Array) => Atomics.load(shared, 0)
export const open = (gate: Int32Array) => Atomics.store(gate, 0, 1)
