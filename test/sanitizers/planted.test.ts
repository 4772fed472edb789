/** Under `npm run test:asan`, `test:ubsan` and `test:tsan`: that the sanitizer is there and sees faults, and that noise runs under it. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadAddon } from '../../dist-lib/backends/addon.js'

const { NOISEMILL_SANITIZER: sanitizer = '', NOISEMILL_PREBUILD: place = '' } = process.env

const FAULTS: Readonly<Record<string, { call: string; report: RegExp; options: string }>> = {
  address: {
    call: 'readPastEnd',
    report: /heap-buffer-overflow.*\n.*READ of size 4[\s\S]*planted\.cc/,
    options: 'ASAN_OPTIONS',
  },
  undefined: { call: 'overflow', report: /planted\.cc.*signed integer overflow/, options: 'UBSAN_OPTIONS' },
  thread: { call: 'race', report: /data race[\s\S]*planted\.cc/, options: 'TSAN_OPTIONS' },
}

describe.skipIf(sanitizer === '')(
  `the ${sanitizer || 'address, undefined or thread'} sanitizer (see npm run test:asan)`,
  () => {
    test('reports a fault that was planted in an addon built as ours is', () => {
      const { call, report, options } = FAULTS[sanitizer]
      const program = `console.log(require(${JSON.stringify(path.join(place, 'build/Release/planted.node'))}).${call}(1000000))`
      // To its stderr, not among the reports that fail the run.
      const env = { ...process.env, [options]: 'detect_leaks=0:print_stacktrace=1:ignore_noninstrumented_modules=1' }
      const { status, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', env })
      expect(stderr).toMatch(report)
      expect(status).not.toBe(0)
    })

    test('is in the addon that the tests use', () => {
      expect(loadAddon()).toHaveProperty('addon')
      const maps = readFileSync('/proc/self/maps', 'utf8')
      const addons = [...maps.matchAll(/\S+noisemill\.node$/gm)].map(([file]) => file)
      expect([...new Set(addons)]).toEqual([path.join(place, 'build/Release/noisemill.node')])
      // Calls that compilers put in.
      const symbol = { address: '__asan_report_load4', undefined: '__ubsan_handle', thread: '__tsan_read4' }[sanitizer]!
      expect(readFileSync(addons[0]).includes(symbol)).toBe(true)
    })
  },
)
