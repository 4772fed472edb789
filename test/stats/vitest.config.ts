import { defineConfig } from 'vitest/config'
import base from '../vitest.config.js'

export default defineConfig({
  test: {
    ...base.test,
    include: ['test/stats/**/*.test.ts'],
    env: { NOISEMILL_TESTS: 'full' },
    // Some hold a gigabyte.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: 'verbose',
    disableConsoleIntercept: true,
  },
})
