/** Whole outputs, pinned: what a release may not change without a new version of the stream. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { sha256, temporaryFolder } from '../support/folders.js'
import { formats, wav } from '../support/wav.js'
import golden from '../vectors/outputs.json' with { type: 'json' }

/** Full-scale samples from whole numbers alone: engines differ in Math.sin. */
function goldenData({ name, bits }: (typeof formats)[number], count: number): Buffer {
  const data = Buffer.alloc((count * bits) / 8)
  for (let i = 0; i < count; i++) {
    const n = ((i * 40503 + 12345) % 65536) - 32768
    const at = (i * bits) / 8
    if (name === 'float32') data.writeFloatLE(n / 32768, at)
    else if (name === 'float64') data.writeDoubleLE(n / 32768, at)
    else if (name === 'pcm8') data.writeUInt8((n >> 8) + 128, at)
    else data.writeIntLE(n * 2 ** (bits - 16), at, bits / 8)
  }
  return data
}

describeBackends('outputs are those of the independent program', (backend) => {
  test.each(formats)('for $name', async (format) => {
    const { seed, frames, sampleRate } = golden
    const folder = temporaryFolder()
    await using pool = new Pool({ size: 1, backend })
    for (const vector of golden.vectors.filter(({ format: name }) => name === format.name)) {
      const { channels, level, value, clipped, input, output } = vector
      const title = `${channels} channels, ${level} ${value}`
      // The name is the key.
      const file = path.join(folder, `${format.name}-${channels}.wav`)
      const bytes = wav({ ...format, channels, sampleRate, data: goldenData(format, frames * channels) })
      expect(sha256(bytes), title).toBe(input)
      writeFileSync(file, bytes)
      const task = noiseTask({ out: path.join(folder, level), seed, [level]: value })
      const [result] = await pool.map(task, [file])
      expect(result, title).toMatchObject({ status: 'done', clipped, stream: golden.stream })
      expect(sha256(readFileSync(result.output)), title).toBe(output)
    }
  })
})
