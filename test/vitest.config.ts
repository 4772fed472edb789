import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // Minutes, and gigabytes of disk: `npm run test:heavy`.
    exclude: [...configDefaults.exclude, 'test/heavy/**'],
    // A crash in the addon would take a threads run with it.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
