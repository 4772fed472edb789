/** Kills the process in the middle of its work, and runs the command again. */

import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { present } from '../support/backends.js'
import { startNoisemill } from '../support/programs.js'
import { Random } from '../support/random.js'
import { bySize } from '../support/size.js'
import { until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'
import { expectCompletes, expectWhole, placeWith, startOver, temporariesOf, WITH_STEMS } from './place.js'

const KILLS = bySize(6, 10, 200)

test.each([
  ['', []],
  [' that writes stems', WITH_STEMS],
])(`${KILLS} times a run%s is killed, and comes to its end when it is done again`, async (_, more) => {
  const random = new Random(7)
  // 16 MB: some tens of milliseconds.
  const files = Array.from({ length: 40 }, (_, i) => [`${i % 4}/${i}.wav`, pcm16(200_000 - i)] as const)
  const place = await placeWith(Object.fromEntries(files), more)
  const counts = { killed: 0, 'with some done': 0, 'with temporaries left': 0 }
  for (let i = 0; i < KILLS; i++) {
    startOver(place)
    const backend = present[i % present.length]
    const flags = ['--backend', backend, '--jobs', '2', '--quiet']
    const running = startNoisemill([...place.args, ...flags], { cwd: place.cwd })
    // Before the output folder is there nothing is to be broken.
    await until(() => existsSync(path.join(place.cwd, 'out')), running)
    const delay = random.below(backend === 'native' ? 60 : 160)
    await setTimeout(delay)
    running.child.kill('SIGKILL')
    // It says of a child that was killed that it hung.
    await running.ended.catch(() => {})
    const title = `kill ${i}, ${delay} ms after the first file [${backend}]`
    const done = expectWhole(place, title)
    const left = temporariesOf(place).length
    if (running.child.signalCode === 'SIGKILL') counts.killed++
    if (done > 0 && done < Object.keys(place.whole).length) counts['with some done']++
    if (left > 0) counts['with temporaries left']++
    await expectCompletes(place, flags, title)
  }
  console.log(JSON.stringify(counts))
  expect(counts.killed).toBeGreaterThan(KILLS / 4)
})
