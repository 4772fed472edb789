/**
 * Finds the highest sample of each of some files, and reports the milliseconds. Samples are sent to
 * the workers, transferred to them, or workers get the names of files.
 *
 *     node data.js LIBRARY sent|transferred|named FOLDER COUNT USE
 */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { sayReported } from '../build.js'
import { digestOf } from './digest.js'
import { samplesIn } from './functions.js'
import { type Library, type Load, openPool, type Use } from './libraries.js'

const [library, way, folder, count, useText] = process.argv.slice(2)
const use: Use = { ...JSON.parse(useText), transfers: way === 'transferred' }
const files = Array.from({ length: Number(count) }, (_, i) => path.join(folder, `${i}.f32`))
const load: Load = async (file) => samplesIn(await readFile(file as string))

const { map, close } = await openPool(library as Library, way === 'named' ? 'peakOfFile' : 'peak', use)
const run = (files: readonly string[]) => (way === 'named' ? map(files) : map(files, load))
for (let warmUp = 0; warmUp < 2; warmUp++) await run(files.slice(0, 2 * use.size))
const started = performance.now()
const peaks = await run(files)
const value = performance.now() - started
await close?.()
sayReported({ value, digest: digestOf(peaks as number[]) })
process.exit()
