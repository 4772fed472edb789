/** Gives all tests a cache folder of their own, which is removed after them. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export default function setup(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'noisemill-cache-'))
  // The processes of test files, and those that they start, inherit it.
  process.env.NOISEMILL_CACHE = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
