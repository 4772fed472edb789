/**
 * The process of one contender. It warms up, then runs a round for each message that it gets, and
 * answers with what the round measured.
 *
 *     node trial.js MODULE CONTENDER WARM_UPS SETTINGS
 */

import type { Contenders, Round } from './trials.js'

const [module, name, warmUps, settings] = process.argv.slice(2)

/** Resolves to undefined if this version of noisemill lacks an option. */
async function prepare(): Promise<Round<unknown> | undefined> {
  const { contenders } = (await import(module)) as { contenders: Contenders<unknown, unknown> }
  try {
    const round = await contenders[name](JSON.parse(settings))
    for (let i = 0; i < Number(warmUps); i++) await round()
    return round
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'E_OPTION_UNKNOWN') throw error
    process.send!({ refused: String(error) })
    return undefined
  }
}

const round = await prepare()
if (round) {
  process.send!({})
  process.on('message', async (argument) => process.send!({ measured: await round(argument) }))
}
