import { defineConfig } from 'vitest/config'
import base from '../vitest.config.js'

export default defineConfig({
  test: {
    ...base.test,
    include: ['test/faults/**/*.test.ts'],
    env: { NOISEMILL_TESTS: 'full' },
    testTimeout: 900_000,
    hookTimeout: 900_000,
    reporters: 'verbose',
    disableConsoleIntercept: true,
  },
})
