/** Calls of addNoise among signals, pools that end, other calls and other work on the thread. */

import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { addNoise, addNoiseToWav, type SampleFigures, type Samples } from '../../dist/index.js'
import { arrayTypes, bytesOf, tone, wavOf } from '../support/arrays.js'
import { describeBackends } from '../support/backends.js'
import { testPool } from '../support/pools.js'

const reason = { why: 'no longer needed' }
const good = { sigma: 0.1 }

describeBackends('a signal', (backend) => {
  test('that has come before the call rejects with its reason, and nothing is touched', async () => {
    const pool = testPool({ backend })
    const signal = AbortSignal.abort(reason)
    for (const frames of [0, 10, 5000]) {
      const samples = tone(arrayTypes[3], frames)
      const before = Buffer.from(bytesOf(samples))
      const file = wavOf(samples, 1)
      for (const options of [good, { snr: 10 }, { ...good, inPlace: true }]) {
        await expect(addNoise(samples, { ...options, signal, pool })).rejects.toBe(reason)
        await expect(addNoiseToWav(file, { ...options, signal, pool })).rejects.toBe(reason)
      }
      expect(bytesOf(samples).equals(before)).toBe(true)
      expect(file.equals(wavOf(samples, 1))).toBe(true)
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await expect(addNoise(new Float32Array(1), { ...good, signal: AbortSignal.abort(), pool })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  test.each([good, { snr: 10 }])('in the middle rejects with its reason: the input stays, at %o', async (level) => {
    const pool = testPool({ backend })
    const samples = new Float32Array(4 * 2 ** 20).fill(0.25)
    for (const turns of [0, 1, 3]) {
      const controller = new AbortController()
      const told: SampleFigures[] = []
      const { signal } = controller
      const work = addNoise(samples, { ...level, signal, pool, onFigures: (figures) => told.push(figures) })
      const rejected = expect(work).rejects.toBe(reason)
      for (let turn = 0; turn < turns; turn++) await setImmediate()
      controller.abort(reason)
      await rejected
      expect(told).toEqual([])
      expect(getEventListeners(signal, 'abort')).toEqual([])
    }
    expect(samples.every((sample) => sample === 0.25)).toBe(true)
    // The pool is free for others.
    expect(await addNoise(new Int16Array(10), { ...good, pool })).toHaveLength(10)
  })

  test('in place, what was done by then stays, and whole samples with it', async () => {
    const pool = testPool({ backend })
    const clean = new Int16Array(8 * 2 ** 20).fill(1000)
    const noisy = await addNoise(clean, { ...good, pool })
    const samples = clean.slice()
    const controller = new AbortController()
    const work = addNoise(samples, { ...good, inPlace: true, signal: controller.signal, pool })
    const rejected = expect(work).rejects.toBe(reason)
    while (samples[0] === clean[0]) await setImmediate()
    controller.abort(reason)
    await rejected
    const done = samples.findIndex((sample, i) => sample !== noisy[i])
    // In whole noise blocks, one after the other.
    expect(done % 4096).toBe(0)
    expect(bytesOf(samples.subarray(done)).equals(bytesOf(clean.subarray(done)))).toBe(true)
  })

  test('that comes after the call changes nothing', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const samples = new Float32Array(100)
    const noisy = await addNoise(samples, { ...good, signal, pool: testPool({ backend }) })
    controller.abort(reason)
    expect(noisy).toEqual(await addNoise(samples, good))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describeBackends('a pool', (backend) => {
  test('that is closed takes no more calls', async () => {
    const pool = testPool({ backend })
    await addNoise(new Float32Array(1), { ...good, pool })
    await pool.close()
    for (const samples of [new Float32Array(0), new Float32Array(10)]) {
      await expect(addNoise(samples, { ...good, pool })).rejects.toMatchObject({ code: 'E_POOL_CLOSED' })
      const work = addNoiseToWav(wavOf(samples, 1), { snr: 10, pool })
      await expect(work).rejects.toMatchObject({ code: 'E_POOL_CLOSED' })
    }
  })

  test('that is closed ends only once what it had accepted is done, by SNR too', async () => {
    const samples = new Float32Array(2 ** 20).fill(0.25)
    for (const level of [good, { snr: 10 }]) {
      const expected = await addNoise(samples, level)
      for (const turns of [0, 2]) {
        const pool = testPool({ backend })
        let done: Samples | undefined
        const work = addNoise(samples, { ...level, pool }).then((noisy) => {
          done = noisy
        })
        for (let turn = 0; turn < turns; turn++) await setImmediate()
        await Promise.all([work, pool.close()])
        expect(bytesOf(done!).equals(bytesOf(expected))).toBe(true)
      }
    }
  })

  test('that is terminated ends its calls by saying so, by SNR too', async () => {
    const samples = new Float32Array(8 * 2 ** 20).fill(0.25)
    for (const level of [good, { snr: 10 }]) {
      for (const turns of [0, 2]) {
        const pool = testPool({ backend })
        const work = addNoise(samples, { ...level, pool })
        const rejected = expect(work).rejects.toMatchObject({ code: 'E_POOL_TERMINATED' })
        for (let turn = 0; turn < turns; turn++) await setImmediate()
        await pool.terminate()
        await rejected
      }
    }
    expect(samples.every((sample) => sample === 0.25)).toBe(true)
  })

  test('takes hundreds of calls at once, and mixes up none', async () => {
    const pool = testPool({ backend })
    const frames = (i: number) => [1, 100, 4097, 9000][i % 4] + i
    const options = (i: number) => ({ ...(i % 3 ? good : { snr: 10 }), key: `${i}`, channels: 1 + (i % 2) })
    const samplesOf = (i: number) => tone(arrayTypes[i % arrayTypes.length], frames(i), 1 + (i % 2), 0.3)
    const together = await Promise.all(
      Array.from({ length: 200 }, (_, i) => addNoise(samplesOf(i), { ...options(i), inPlace: i % 5 === 0, pool })),
    )
    for (const [i, noisy] of together.entries()) {
      expect(bytesOf(noisy).equals(bytesOf(await addNoise(samplesOf(i), options(i)))), `call ${i}`).toBe(true)
    }
  })

  test('goes on when onFigures throws: the call rejects with what it threw', async () => {
    const pool = testPool({ backend })
    const onFigures = () => {
      throw reason
    }
    const samples = new Float32Array(5000)
    await expect(addNoise(samples, { ...good, pool, onFigures })).rejects.toBe(reason)
    await expect(addNoiseToWav(wavOf(samples, 1), { ...good, pool, onFigures })).rejects.toBe(reason)
    expect(await addNoise(samples, { ...good, pool })).toHaveLength(5000)
  })

  test('is not disturbed by another thread that writes into the samples meanwhile', async () => {
    const pool = testPool({ backend })
    const samples = new Float32Array(new SharedArrayBuffer(4 * 2 ** 20))
    const state = new Int32Array(new SharedArrayBuffer(8)) // has begun, is to stop
    const scribble = `
      const { samples, state } = require('node:worker_threads').workerData
      const words = new Uint32Array(samples.buffer)
      for (let i = 0; !Atomics.load(state, 1); i++) {
        words[(i * 7919) % words.length] = i * 2654435761
        Atomics.store(state, 0, 1)
      }`
    const worker = new Worker(scribble, { eval: true, workerData: { samples, state } })
    const exited = new Promise((resolve) => worker.on('exit', resolve))
    while (Atomics.load(state, 0) === 0) await setImmediate()
    for (const options of [good, { ...good, inPlace: true }]) {
      let figures: SampleFigures | undefined
      const onFigures = (told: SampleFigures) => {
        figures = told
      }
      expect(await addNoise(samples, { ...options, pool, onFigures })).toHaveLength(2 ** 20)
      expect(figures).toMatchObject({ frames: 2 ** 20, sigma: 0.1 })
    }
    Atomics.store(state, 1, 1)
    expect(await exited).toBe(0)
  })
})
