/** Real and odd WAV files that lie beside the project, where they do. */

import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { filesBelow } from './folders.js'

export const corpus = fileURLToPath(new URL('../../../shared/wav-corpus', import.meta.url))

export const hasCorpus = existsSync(corpus)

/** A test that needs the corpus, and says so in its title; skipped where it is absent. */
export const corpusTest = (title: string, body: () => Promise<void> | void): void =>
  test.skipIf(!hasCorpus)(`${title} (needs the corpus)`, body)

/** Relative paths of the audio files in a folder of the corpus. */
export const audioOf = (folder = ''): string[] =>
  filesBelow(path.join(corpus, folder)).filter((file) => /\.(wav|w64)$/i.test(file))
