/** Real and odd WAV files that lie beside the project, where they do. */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'

export const corpus = fileURLToPath(new URL('../../../shared/wav-corpus', import.meta.url))

export const hasCorpus = existsSync(corpus)

/** A test that needs the corpus; skipped by name where it is absent. */
export const corpusTest = test.skipIf(!hasCorpus)
