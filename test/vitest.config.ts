import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['test/**/*.test.ts'],
    // Minutes, and gigabytes of disk: `npm run test:heavy`.
    exclude: [...configDefaults.exclude, 'test/heavy/**'],
    globalSetup: ['own-cache', 'compile-bench'].map((name) =>
      fileURLToPath(new URL(`support/${name}.ts`, import.meta.url)),
    ),
    // A crash in the addon would take a threads run with it.
    pool: 'forks',
    // All of them wait a good part of their time: for processes, volumes, the end of threads.
    maxWorkers: '100%',
    // Far more than any takes, also on a busy machine: only what hangs gets there.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
