/**
 * Draws the chart of README: the seconds that each contender takes for the talk's files, as a
 * self-contained SVG.
 */

import { type Recorded, show } from './harness.js'

/** Label of each bar, by the name of its row in the record. The slowest is first. */
const LABELS: Readonly<Record<string, string>> = {
  'noisemill --backend workers --kernel ts': 'noisemill, worker threads, TypeScript',
  'Python Pool': 'Python multiprocessing.Pool, NumPy',
  'noisemill --backend workers --kernel wasm': 'noisemill, worker threads, WebAssembly',
  cp: 'cp (copies only)',
  'noisemill --backend native': 'noisemill, native threads',
  '2 x cp at once': '2 x cp at once (copies only)',
}

const WIDTH = 760
const MARGIN = 20
const LABEL_WIDTH = 280
const BAR_HEIGHT = 18
const ROW_HEIGHT = 30
const HEAD_HEIGHT = 62
const FOOT_HEIGHT = 40
/** Room for a number after the longest bar. */
const NUMBER_WIDTH = 60

/**
 * The chart has its own background, because GitHub shows an SVG as an image, which can only follow
 * the system's colour scheme.
 */
const STYLE = `
    text { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
    .title { font-size: 16px; font-weight: 600 }
    .note { font-size: 12px; fill: #59636e }
    .back { fill: #ffffff; stroke: #d1d9e0 }
    .bar { fill: #8c959f }
    .own { fill: #0969da }
    .spread { stroke: #1f2328; stroke-width: 1.5 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .note { fill: #9198a1 }
      .back { fill: #0d1117; stroke: #3d444d }
      .bar { fill: #6e7681 }
      .own { fill: #4493f8 }
      .spread { stroke: #f0f6fc }
    }
  `

export function talkChart({ rows, date, machine }: Recorded): string {
  const bars = rows
    .filter(({ name }) => name in LABELS)
    .sort((a, b) => b.median - a.median)
    .map(({ name, minimum, median, maximum }) => ({ name, minimum, median, maximum, label: LABELS[name] }))
  if (bars.length !== Object.keys(LABELS).length) throw new Error('a row of the chart is not in the record')
  const height = HEAD_HEIGHT + bars.length * ROW_HEIGHT + FOOT_HEIGHT
  const longest = Math.max(...bars.map(({ maximum }) => maximum))
  const left = MARGIN + LABEL_WIDTH
  const pixels = (seconds: number) => (((WIDTH - left - NUMBER_WIDTH - MARGIN) * seconds) / longest).toFixed(1)
  const x = (seconds: number) => (left + Number(pixels(seconds))).toFixed(1)

  const drawn = bars.map(({ name, label, minimum, median, maximum }, i) => {
    const top = HEAD_HEIGHT + i * ROW_HEIGHT
    const middle = top + BAR_HEIGHT / 2
    const text = middle + 4.5
    return `
  <text x="${left - 10}" y="${text}" text-anchor="end">${label}</text>
  <rect class="${name.startsWith('noisemill') ? 'own' : 'bar'}" x="${left}" y="${top}" width="${pixels(median)}" height="${BAR_HEIGHT}"/>
  <path class="spread" d="M${x(minimum)} ${middle}H${x(maximum)}"/>
  <text x="${Number(x(maximum)) + 8}" y="${text}">${show(median)} s</text>`
  })
  const title = 'Noise onto 24 files of four minutes (1 GB): seconds, less is better'
  const note = `Median of ${rows[0].trials.length} runs; lines go from the fastest to the slowest. ${machine.cores} cores (${machine.cpu}), Node ${machine.versions.node}, ${date.slice(0, 10)}.`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
  <title id="title">${title}: ${bars.map(({ label, median }) => `${label} ${show(median)}`).join('; ')}</title>
  <style>${STYLE}</style>
  <rect class="back" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
  <text class="title" x="${MARGIN}" y="34">${title}</text>${drawn.join('')}
  <text class="note" x="${MARGIN}" y="${height - 16}">${note}</text>
</svg>
`
}
