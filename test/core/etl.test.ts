/** Pinned outputs: no release may change them without a new version of the stream. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { noiseTask, Pool } from '../../dist/index.js'
import { formats, sha256, vectorInput } from '../conformance/golden.mjs'
import { describeBackends } from '../support/backends.js'
import { temporaryFolder } from '../support/folders.js'
import golden from '../vectors/outputs.json' with { type: 'json' }

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
      const bytes = vectorInput(format, { channels, frames, sampleRate })
      expect(sha256(bytes), title).toBe(input)
      writeFileSync(file, bytes)
      const task = noiseTask({ out: path.join(folder, level), seed, [level]: value })
      const [result] = await pool.map(task, [file])
      expect(result, title).toMatchObject({ status: 'done', clipped, stream: golden.stream })
      expect(sha256(readFileSync(result.output)), title).toBe(output)
    }
  })
})
