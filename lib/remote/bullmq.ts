/** `noisemill/bullmq`: work on several machines, by a queue of BullMQ. */

export type { QueueOptions } from './connection.js'
export { type BullmqOptions, bullmq, type MachineFigures, type QueueBackend } from './producer.js'
export { type RemoteWorker, startWorker, type WorkerChunk, type WorkerOptions } from './worker.js'
export type { BankSources } from './worker-banks.js'
