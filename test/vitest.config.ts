import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // A crash in the addon would take a threads run with it.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
