/** Draws bars as a self-contained SVG, for pages and for the documentation. */

/** One bar of a chart. */
export interface Bar {
  readonly label: string
  /** Length of the bar, in any unit; 0 for none. */
  readonly value: number
  /** What stands after the bar. */
  readonly text: string
  /** Whether the bar has the colour that stands out. */
  readonly isOwn: boolean
  /** Ends of a line over the bar, such as the lowest and the highest of several values. */
  readonly spread?: readonly [least: number, most: number]
}

export interface Chart {
  readonly title: string
  readonly bars: readonly Bar[]
  /** Small text below the bars. */
  readonly note: string
}

const WIDTH = 760
const MARGIN = 20
const LABEL_WIDTH = 280
const BAR_HEIGHT = 18
const ROW_HEIGHT = 30
const HEAD_HEIGHT = 62
const FOOT_HEIGHT = 40

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

/** @param textWidth room for the text after the longest bar, in pixels */
export function barChart({ title, bars, note }: Chart, textWidth: number): string {
  const height = HEAD_HEIGHT + bars.length * ROW_HEIGHT + FOOT_HEIGHT
  const endOf = ({ value, spread }: Bar) => Math.max(value, spread?.[1] ?? 0)
  const longest = Math.max(...bars.map(endOf))
  const left = MARGIN + LABEL_WIDTH
  const pixels = (value: number) => (((WIDTH - left - textWidth - MARGIN) * value) / longest).toFixed(1)
  const x = (value: number) => (left + Number(pixels(value))).toFixed(1)
  const drawn = bars.map((bar, i) => {
    const { label, value, text, isOwn, spread } = bar
    const top = HEAD_HEIGHT + i * ROW_HEIGHT
    const middle = top + BAR_HEIGHT / 2
    const line = spread && `\n  <path class="spread" d="M${x(spread[0])} ${middle}H${x(spread[1])}"/>`
    return `
  <text x="${left - 10}" y="${middle + 4.5}" text-anchor="end">${escapeHtml(label)}</text>
  <rect class="${isOwn ? 'own' : 'bar'}" x="${left}" y="${top}" width="${pixels(value)}" height="${BAR_HEIGHT}"/>${line ?? ''}
  <text x="${Number(x(endOf(bar))) + 8}" y="${middle + 4.5}">${escapeHtml(text)}</text>`
  })
  const described = `${title}: ${bars.map(({ label, text }) => `${label} ${text}`).join('; ')}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
  <title>${escapeHtml(described)}</title>
  <style>${STYLE}</style>
  <rect class="back" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
  <text class="title" x="${MARGIN}" y="34">${escapeHtml(title)}</text>${drawn.join('')}
  <text class="note" x="${MARGIN}" y="${height - 16}">${escapeHtml(note)}</text>
</svg>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes a text for HTML and XML, in attributes too. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character])
