/**
 * Adds noise to the files of a folder by noisemill's API.
 *
 *     node add-folder.js CLEAN OUT JOBS SIGMA
 */

import { loadNoisemill } from './build.js'

const [clean, out, jobs, sigma] = process.argv.slice(2)
const { addNoiseToFiles } = await loadNoisemill()
const options = { out, sigma: Number(sigma), size: Number(jobs) }
for await (const { error } of addNoiseToFiles(clean, options)) if (error) throw error
