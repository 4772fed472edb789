/** Long files that several threads share, and that fail or are cancelled in the middle. */

import { renameSync, truncateSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { noiseTask } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { copiesOf, writeLongWav, writeWavs } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { inTime, turns, until } from '../support/waiting.js'

const levels = [{ sigma: 0.1 }, { snr: 20 }]

describeBackends('a long file', (backend) => {
  // In its plain loop nobody has a turn in the middle of a file.
  const inTheMiddle = test.skipIf(backend === 'inline')

  inTheMiddle.each(levels)('that gets shorter while it is read fails alone: %j (needs threads)', async (level) => {
    // An SNR is measured first, which need not be of a gigabyte.
    const { out, files, first, rest } = await inTime('snr' in level ? 2 ** 27 : 2 ** 30, async (bytes) => {
      const folder = temporaryFolder()
      const out = path.join(folder, 'out')
      const files = writeWavs(folder, 20)
      const long = writeLongWav(folder)
      if (bytes < 2 ** 30) truncateSync(long, bytes)
      const items = [long, ...files]
      const running = testPool({ backend, size: 4 }).map(noiseTask({ out, ...level }), items, { chunkSize: 3 })
      let isOver = false
      const over = () => {
        isOver = true
      }
      running.then(over, over)
      // With an SNR it has been read once by then, and is read again.
      await until(() => isOver || filesBelow(out).some((name) => isTemporary(name) && name.includes('long')))
      // In the middle of a part of 4 MiB, and of a frame.
      truncateSync(long, 9_000_001)
      const [first, ...rest] = await running
      return first.status === 'done' ? undefined : { out, files, first, rest }
    })
    expect(first).toMatchObject({ status: 'failed', error: { code: 'E_INPUT_CHANGED' } })
    expect(rest.map(({ status }) => status)).toEqual(files.map(() => 'done'))
    expect(filesBelow(out)).toEqual(files.map((file) => path.basename(file)).sort())
  })

  inTheMiddle('that is abandoned by its reader leaves nothing, time and again (needs threads)', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const [long, short] = [writeLongWav(folder), writeWavs(folder, 1)[0]]
    const pool = testPool({ backend, size: 5 })
    for (let time = 0; time < 8; time++) {
      const controller = new AbortController()
      const { signal } = controller
      const running = pool.map(noiseTask({ out, sigma: 0.1 }), [long], { signal })
      const rejected = expect(running).rejects.toMatchObject({ name: 'AbortError' })
      await until(() => filesBelow(out).some(isTemporary))
      controller.abort()
      await rejected
      expect(filesBelow(out)).toEqual([])
    }
    const [{ status }] = await pool.map(noiseTask({ out, sigma: 0.1 }), [short])
    expect(status).toBe('done')
  })

  inTheMiddle(
    'is given up with others beside it and many behind it when its pool is terminated (needs threads)',
    async () => {
      const folder = temporaryFolder()
      const out = path.join(folder, 'out')
      const long = writeLongWav(folder)
      const pool = testPool({ backend, size: 5 })
      const runs = ['a', 'b'].map((run) =>
        pool.map(noiseTask({ sigma: 0.1 }), copiesOf(long, path.join(out, run), 30), { chunkSize: 10 }),
      )
      const rejected = runs.map((run) => expect(run).rejects.toMatchObject({ code: 'E_POOL_TERMINATED' }))
      await until(() => filesBelow(out).filter(isTemporary).length >= 4)
      await pool.terminate()
      expect(filesBelow(out)).toEqual([])
      await Promise.all(rejected)
    },
  )

  inTheMiddle('of a run that is aborted is not that of another, which goes on (needs threads)', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const long = writeLongWav(folder)
    const pool = testPool({ backend, size: 4 })
    const controller = new AbortController()
    const { signal } = controller
    const aborted = pool.map(noiseTask({ sigma: 0.1 }), copiesOf(long, out, 2), { signal })
    const rejected = expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    const files = writeWavs(folder, 40, 30_000)
    await until(() => filesBelow(out).length === 2)
    const kept = path.join(folder, 'kept')
    const going = pool.map(noiseTask({ out: kept, sigma: 0.1, seed: 5 }), files)
    controller.abort()
    await rejected
    expect((await going).map(({ status }) => status)).toEqual(files.map(() => 'done'))
    renameSync(kept, path.join(folder, 'before'))
    await pool.map(noiseTask({ out: kept, sigma: 0.1, seed: 5 }), files)
    expect(hashesBelow(kept)).toEqual(hashesBelow(path.join(folder, 'before')))
    expect(filesBelow(out)).toEqual([])
  })

  inTheMiddle('does not keep those who help with it from other files (needs threads)', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const pool = testPool({ backend, size: 2 })
    let isOver = false
    const long = pool.map(noiseTask({ sigma: 0.1 }), copiesOf(writeLongWav(folder), out, 1)).finally(() => {
      isOver = true
    })
    const rejected = expect(long).rejects.toMatchObject({ code: 'E_POOL_TERMINATED' })
    await until(() => filesBelow(out).some(isTemporary))
    // By now both threads are at it.
    await turns()
    const results = await pool.map(noiseTask({ out, sigma: 0.1 }), writeWavs(folder, 10))
    expect(results.map(({ status }) => status)).toEqual(results.map(() => 'done'))
    expect(isOver).toBe(false)
    await pool.terminate()
    await rejected
  })
})
