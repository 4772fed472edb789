/** Processes the corpus of real and odd files: each is done or refused, with the same result on every backend. */

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { errorCodes, type FileResult, type NoiseOptions, noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { audioOf, corpus, corpusTest } from '../support/corpus.js'
import { filesBelow, hashesBelow, slashed, temporaryFolder } from '../support/folders.js'

const fixtures = 'jstrait+wavefile/test/fixtures/wave'

/** Files that the `wavefile` gem calls invalid or does not read and that are done here, and why. */
const tolerated: Record<string, string> = {
  'data_chunk_truncated.wav': 'data that end early are worked on as far as they go, with a warning',
  'float_format_chunk_extension_size_incomplete_with_padding_byte.wav': 'float needs nothing of a fmt after 16 bytes',
  'extensible_container_size_bigger_than_sample_size.wav': '24 valid bits in 32 are read, and kept',
  'unsupported_audio_format.wav': 'A-law is decoded',
  'unsupported_format_code_with_extension.wav': 'MS ADPCM is decoded',
  'unsupported_format_code_with_extension_and_extra_bytes.wav': 'MS ADPCM is decoded',
  'unsupported_format_code_with_oversized_extension.wav': 'MS ADPCM is decoded, whose fields all are in the fmt chunk',
  'unsupported_format_code_with_oversized_extension_and_extra_bytes.wav': 'MS ADPCM is decoded',
  'smpl_chunk_empty.wav': 'chunks other than fmt and data are carried over unread',
  'smpl_chunk_loop_count_too_high.wav': 'carried over unread',
  'smpl_chunk_truncated.wav': 'carried over unread',
  'smpl_chunk_truncated_sampler_specific_data.wav': 'carried over unread',
}

/** A-law, mu-law, IMA ADPCM and MS ADPCM. */
const CODED = ['0x0006', '0x0007', '0x0011', '0x0002']

/** What INDEX.tsv of the corpus, made by another reader, says of each file: column -> field. */
function index(): Map<string, Record<string, string>> {
  const [names, ...rows] = readFileSync(path.join(corpus, 'INDEX.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
  return new Map(rows.map((row) => [row[0], Object.fromEntries(names.map((name, i) => [name, row[i] ?? '']))]))
}

const levels: readonly NoiseOptions[] = [{ sigma: 0.05 }, { snr: 10, seed: 'corpus', clip: false }]

/** All there is to know of a run over the whole corpus, whatever folder it wrote to. */
async function outcomeOf(pool: Pool): Promise<unknown> {
  const outcome: unknown[] = []
  for (const level of levels) {
    const out = temporaryFolder()
    const results = await pool.map(
      noiseTask({ root: corpus, out, ...level }),
      audioOf().map((file) => path.join(corpus, file)),
    )
    const quoted = JSON.stringify(out).slice(1, -1)
    const told = results.map((result) => JSON.stringify({ ...result, seconds: null }).replaceAll(quoted, 'OUT'))
    outcome.push(told, hashesBelow(out))
  }
  return outcome
}

let plain: Promise<unknown> | undefined

/** That of the plain loop. */
async function plainOutcome(): Promise<unknown> {
  const pool = new Pool({ backend: 'inline' })
  return outcomeOf(pool).finally(() => pool.close())
}

describeBackends('the corpus', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  async function run(files: readonly string[], options: NoiseOptions): Promise<{ results: FileResult[]; out: string }> {
    const out = path.join(temporaryFolder(), 'out')
    const inputs = files.map((file) => path.join(corpus, file))
    return { results: await pool.map(noiseTask({ root: corpus, out, ...options }), inputs), out }
  }

  // The plain loop would be compared with itself.
  if (backend !== 'inline') {
    corpusTest('gives the results and the bytes of the plain loop for every file', async () => {
      plain ??= plainOutcome()
      expect(await outcomeOf(pool)).toEqual(await plain)
    })
  }

  corpusTest('is read as another reader reads it, and leaves whole outputs and nothing else', async () => {
    const files = audioOf()
    expect(files.length).toBeGreaterThan(250)
    const { results, out } = await run(files, { sigma: 0.05 })
    const rows = index()
    for (const { status, key, format, channels, sampleRate, frames, warnings, error } of results) {
      if (status === 'failed') {
        expect(errorCodes, key).toContain(error?.code)
        continue
      }
      const row = rows.get(key)!
      expect({ channels, sampleRate }, key).toEqual({ channels: Number(row.channels), sampleRate: Number(row.rate) })
      const bytes = Math.ceil(Number(row.bits) / 8)
      if (CODED.includes(row.format_tag)) {
        expect(format, key).toBe('pcm16')
        continue
      }
      expect(format, key).toBe(`${row.format_tag.endsWith('3') ? 'float' : 'pcm'}${8 * bytes}`)
      // It gives up the count of chunks before the data of one file; a size that lies says nothing of frames, nor does
      // that of RF64.
      const isRepaired = warnings.some((warning) => /^W_SIZE_UNKNOWN|^W_DATA_CUT_SHORT/.test(warning))
      if (row.data_size_field === '' || isRepaired || Number(row.data_size_field) === 0xffffffff) continue
      expect(frames, key).toBe(Math.floor(Number(row.data_size_field) / (channels! * bytes)))
    }
    const done = results
      .filter(({ status }) => status === 'done')
      .map(({ output }) => slashed(path.relative(out, output)))
    expect(done.length).toBeGreaterThan(150)
    expect(filesBelow(out)).toEqual(done.sort())
  })

  corpusTest('valid files are done, and at sigma 0 unchanged', async () => {
    const files = audioOf(`${fixtures}/valid`).map((file) => `${fixtures}/valid/${file}`)
    expect(files.length).toBeGreaterThan(60)
    const { results } = await run(files, { sigma: 0 })
    for (const { input, output, key, status, frames, warnings } of results) {
      expect({ status, warnings }, key).toEqual({ status: 'done', warnings: frames === 0 ? ['W_EMPTY'] : [] })
      expect(readFileSync(output).equals(readFileSync(input)), key).toBe(true)
    }
  })

  corpusTest(
    'invalid and unsupported files are refused with a code of a WAV, but for those that do no harm',
    async () => {
      for (const group of ['invalid', 'unsupported']) {
        const names = readdirSync(path.join(corpus, fixtures, group)).sort()
        const { results, out } = await run(
          names.map((name) => `${fixtures}/${group}/${name}`),
          { sigma: 0.05 },
        )
        const done = names.filter((_, i) => results[i].status === 'done')
        expect(done).toEqual(names.filter((name) => name in tolerated))
        for (const { key, status, error } of results) {
          if (status !== 'done') expect(error?.code, key).toMatch(/^E_WAV_/)
        }
        expect(filesBelow(out).map((file) => path.basename(file))).toEqual(done)
      }
    },
  )
})
