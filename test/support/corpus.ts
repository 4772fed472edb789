/** A corpus of real and odd WAV files beside the project, which may be absent. */

import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { filesBelow } from './folders.js'

export const corpus = fileURLToPath(new URL('../../../shared/wav-corpus', import.meta.url))

export const hasCorpus = existsSync(corpus)

/** A test that needs the corpus, as its title says. It is skipped if the corpus is absent. */
export const corpusTest = (title: string, body: () => Promise<void> | void): void =>
  test.skipIf(!hasCorpus)(`${title} (needs the corpus)`, body)

/** Returns the relative paths of the audio files in a folder of the corpus. */
export const audioOf = (folder = ''): string[] =>
  filesBelow(path.join(corpus, folder)).filter((file) => /\.(wav|w64)$/i.test(file))
