/** Certificates of an authority of one's own, made by openssl. */

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Files of a certificate in PEM. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

const filesOf = (folder: string, name: string): Certificate => ({
  certificate: path.join(folder, `${name}.pem`),
  key: path.join(folder, `${name}.key`),
})

export function makeAuthority(folder: string, name: string): Certificate {
  const { certificate, key } = filesOf(folder, name)
  openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', certificate, '-days', '2', '-subj', `/CN=${name}`)
  return { certificate, key }
}

/**
 * @param hosts such as 'IP:127.0.0.1,DNS:localhost'
 * @param days for how long it is valid from now on; with -1 it has expired
 */
export function makeCertificate(
  folder: string,
  name: string,
  authority: Certificate,
  hosts: string,
  days = 2,
): Certificate {
  const { certificate, key } = filesOf(folder, name)
  const [request, extensions] = ['csr', 'ext'].map((extension) => path.join(folder, `${name}.${extension}`))
  writeFileSync(extensions, `subjectAltName=${hosts}\n`)
  openssl('req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${name}`)
  const signed = ['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial']
  openssl('x509', '-req', '-in', request, ...signed, '-days', `${days}`, '-extfile', extensions, '-out', certificate)
  return { certificate, key }
}
