/** What must be the same on the machines of a queue, so that each makes the same bytes. */

import { readFileSync } from 'node:fs'
import { STREAM_VERSION } from '../core/noise/keys.js'
import { CODEC_VERSION } from '../core/wav/codecs.js'
import { NoisemillError } from '../errors.js'
import { packageFile } from '../package-files.js'

/** Version of the form of messages. Increase it with any change of a message. */
const PROTOCOL = 4

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { readonly version: string }

/** The versions of this machine, as text that messages have. */
export const ownVersions = `noisemill ${version}, messages ${PROTOCOL}, noise ${STREAM_VERSION}, codecs ${CODEC_VERSION}`

/** Throws E_MACHINES_DIFFER if the producer of a job has other versions. */
export function checkVersions(versions: string): void {
  if (versions === ownVersions) return
  throw new NoisemillError('E_MACHINES_DIFFER', {
    received: `the producer has ${versions}; the worker has ${ownVersions}`,
  })
}
