import { defineConfig } from 'vitest/config'
import base from '../vitest.config.js'

export default defineConfig({
  test: {
    ...base.test,
    include: ['test/heavy/**/*.test.ts'],
    exclude: [],
    // Files of several gigabytes.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: 'verbose',
    disableConsoleIntercept: true,
  },
})
