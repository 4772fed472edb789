/** Effects of a call on its process: the thread stays free, memory stays small, and the process can end. */

import { expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { quote, runNode } from '../support/programs.js'

const MEGABYTE = 2 ** 20

describeBackends('a process', (backend) => {
  const make = `const pool = new noisemill.Pool({ backend: ${quote(backend)}, size: 2 })`

  test('ends by itself after its calls, though no pool was closed', () => {
    const program = `
      ${make}
      const onShared = await noisemill.addNoise(new Float32Array(100_000), { sigma: 0.1 })
      const onOwn = await noisemill.addNoise(new Float32Array(100_000), { sigma: 0.1, pool })
      console.log(Buffer.from(onShared.buffer).equals(Buffer.from(onOwn.buffer)))
      process.on('exit', () => console.log('at the end'))`
    expect(runNode(program)).toMatchObject({ status: 0, stdout: 'true\nat the end\n', stderr: '' })
  })

  test('lives until its calls are done, though nobody waits for them', () => {
    const program = `
      ${make}
      for (const level of [{ sigma: 0.1 }, { snr: 10 }])
        noisemill.addNoise(new Int16Array(3_000_000).fill(9), { ...level, pool }).then((noisy) => console.log(noisy.length))`
    expect(runNode(program)).toMatchObject({ status: 0, stdout: '3000000\n3000000\n', stderr: '' })
  })

  test('may exit in the middle of a call', () => {
    for (const when of [
      'process.exit(7)',
      'setImmediate(() => process.exit(7))',
      'setTimeout(() => process.exit(7), 5)',
    ]) {
      const program = `
        ${make}
        for (let i = 0; i < 3; i++)
          noisemill.addNoise(new Float32Array(8_000_000), { sigma: 0.1, pool, inPlace: i === 1 }).then(() => console.log('done'))
        ${when}`
      const { status, signal, stderr } = runNode(program)
      expect({ status, signal, stderr }, when).toEqual({ status: 7, signal: null, stderr: '' })
    }
  })

  test('may call from a thread of its own, and end that in the middle', () => {
    const inThread = `
      import(${quote(new URL('../../dist/index.js', import.meta.url).href)}).then(async (noisemill) => {
        ${make}
        await noisemill.addNoise(new Float32Array(1000), { sigma: 0.1, pool })
        noisemill.addNoise(new Float32Array(8_000_000), { sigma: 0.1, pool })
        require('node:worker_threads').parentPort.postMessage('under way')
      })`
    const program = `
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(${quote(inThread)}, { eval: true, execArgv: [] })
      console.log(...await once(worker, 'message'))
      await worker.terminate()
      console.log((await noisemill.addNoise(new Float32Array(10), { sigma: 0.1 })).length)`
    expect(runNode(program)).toMatchObject({ status: 0, stdout: 'under way\n10\n', stderr: '' })
  })

  // The plain loop computes on the thread itself, slice by slice: fewer turns, but some all the same.
  test('has its turns, and small memory, while a long array is worked on', () => {
    const bytes = (backend === 'native' ? 96 : 32) * MEGABYTE
    const program = `
      ${make}
      const bytes = ${bytes}
      const samples = new Float32Array(bytes / 4).fill(0.25)
      await noisemill.addNoise(samples.subarray(0, 100_000), { sigma: 0.1, pool })
      const arrays = () => process.memoryUsage().arrayBuffers
      const before = arrays()
      let [immediates, timers, most, isOver] = [0, 0, 0, false]
      const turn = () => {
        immediates++
        most = Math.max(most, arrays())
        if (!isOver) setImmediate(turn)
      }
      setImmediate(turn)
      const timer = setInterval(() => timers++, 1)
      const noisy = await noisemill.addNoise(samples, { sigma: 0.1, pool })
      isOver = true
      clearInterval(timer)
      console.log(JSON.stringify({ immediates, timers, beside: most - before - noisy.byteLength }))`
    const { status, stdout, stderr } = runNode(program)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { immediates, timers, beside } = JSON.parse(stdout)
    // 4 MB are copied in one turn at most: that many turns there are at least, and no more where the machine is quick.
    expect(immediates).toBeGreaterThanOrEqual(bytes / (4 * MEGABYTE))
    expect(timers).toBeGreaterThan(2)
    // 64 slices of 256 kB are under way at most.
    expect(beside).toBeLessThan(17 * MEGABYTE)
  })

  // The way of all backends; the others take their time.
  test.skipIf(backend !== 'native')(
    'has small memory with many channels, whose slices are large (needs the addon)',
    () => {
      // Float32 of 1024 channels: slices are blocks of 16 MB, of which 64 MB may be under way.
      const program = `
      ${make}
      const samples = new Float32Array(${(160 * MEGABYTE) / 4})
      const before = process.memoryUsage().arrayBuffers
      let [most, isOver] = [0, false]
      const turn = () => {
        most = Math.max(most, process.memoryUsage().arrayBuffers)
        if (!isOver) setImmediate(turn)
      }
      setImmediate(turn)
      await noisemill.addNoise(samples, { sigma: 0.1, channels: 1024, inPlace: true, pool })
      isOver = true
      console.log(most - before)`
      const { status, stdout } = runNode(program)
      expect(status).toBe(0)
      expect(Number(stdout)).toBeLessThan(72 * MEGABYTE)
    },
  )
})
