/** Loads BullMQ and ioredis, which only those need who use a queue. */

import { createRequire } from 'node:module'
import { NoisemillError } from '../errors.js'
import { packageFile } from '../package-files.js'

export type Bullmq = typeof import('bullmq')
export type Redis = import('ioredis').Redis
export type RedisOptions = import('ioredis').RedisOptions

/** Throws E_PACKAGE_MISSING. */
export function loadPackages(): Bullmq & { readonly Redis: typeof import('ioredis').Redis } {
  const { Redis } = load<typeof import('ioredis')>('ioredis')
  return { ...load<Bullmq>('bullmq'), Redis }
}

function load<Module>(name: string): Module {
  try {
    return createRequire(packageFile('package.json'))(name) as Module
  } catch (cause) {
    const { code } = Object(cause) as NodeJS.ErrnoException
    if (code === 'MODULE_NOT_FOUND') throw new NoisemillError('E_PACKAGE_MISSING', { received: name })
    throw new NoisemillError('E_PACKAGE_MISSING', { received: name, cause })
  }
}
