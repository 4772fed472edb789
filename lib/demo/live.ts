/** Shows on a terminal how busy the cores are: for each core a line of blocks over time. */

import { showShare } from '../show.js'

const BLOCKS = ' ▁▂▃▄▅▆▇█'
/** Room for the name of a line, and for its last value. */
const NAME_WIDTH = 13
const VALUE_WIDTH = 6
/** More lines than this would not leave room for anything else. */
const MOST_LINES = 16

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / (values.length || 1)

/** Returns the block for a share, 0 to 1. Any share above 2 % has a block. */
function block(share: number): string {
  const height = Math.ceil(share * (BLOCKS.length - 1) - 0.16)
  return BLOCKS[Math.max(0, Math.min(BLOCKS.length - 1, height))]
}

/**
 * Returns a line for each core, or for a few cores together if there are many. The whole time since
 * the start fits into a line.
 *
 * @param looks for each interval, how busy each core was, 0 to 1
 * @param columns width of the terminal
 * @param rows height of the terminal
 */
export function coreLines(looks: readonly (readonly number[])[], columns: number, rows: number): string[] {
  const cores = looks[0]?.length ?? 0
  const most = Math.max(1, Math.min(MOST_LINES, rows - 4))
  const together = Math.ceil(cores / most)
  const width = Math.max(1, columns - NAME_WIDTH - VALUE_WIDTH - 1)
  const each = Math.max(1, Math.ceil(looks.length / width))
  return Array.from({ length: Math.ceil(cores / (together || 1)) }, (_, line) => {
    const [first, last] = [line * together, Math.min(cores, (line + 1) * together) - 1]
    const values = looks.map((look) => mean(look.slice(first, last + 1)))
    const blocks = Array.from({ length: Math.ceil(values.length / each) }, (_, i) =>
      block(mean(values.slice(i * each, (i + 1) * each))),
    )
    const name = first === last ? `core ${first + 1}` : `cores ${first + 1}-${last + 1}`
    const now = showShare(values.at(-1) ?? 0)
    return `${name.padEnd(NAME_WIDTH)}${blocks.join('').padEnd(width)}${now.padStart(VALUE_WIDTH)}`
  })
}
