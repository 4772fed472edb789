/**
 * Adds noise to the files of a folder by noisemill's API.
 *
 *     node add-folder.js CLEAN OUT JOBS
 */

import { loadNoisemill } from './build.js'

const [clean, out, jobs] = process.argv.slice(2)
const { addNoiseToFiles } = await loadNoisemill()
for await (const { error } of addNoiseToFiles(clean, { out, sigma: 0.1, size: Number(jobs) })) if (error) throw error
