/** The frame of a figure: title, chart, note, and a table of the same figures. */

import { escapeHtml, htmlTable, htmlText } from './html.js'
import { type Picture, svg } from './render.js'
import { NARROW, WIDE } from './style.js'

/** Texts of a figure. What stands in backquotes in its note is shown as code. */
export interface ChartText {
  readonly title: string
  /** Unit, and what is better: 'seconds, less is better'. */
  readonly unit: string
  /** Reference, number of rounds, how to repeat it. */
  readonly note: string
}

export interface Figure {
  readonly text: ChartText
  /** What the chart shows, for people who cannot see it. */
  readonly name: string
  /** Draws the chart for a page or for a phone. */
  picture(width: number, isNarrow: boolean): Picture
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** HTML that stands above the chart, such as a legend. */
  readonly above?: string
  readonly below?: string
}

export function figure({ text, name, picture, head, rows, above = '', below = '' }: Figure): string {
  const { title, unit, note } = text
  const forms = [
    svg(picture(WIDE, false), name, 'wide'),
    // A phone shows a form of its own, because the text of a wide chart would be tiny there.
    svg(picture(NARROW, true), name, 'narrow'),
  ]
  return `<figure>
<figcaption>${escapeHtml(title)}${unit === '' ? '' : ` <span class="unit">${escapeHtml(unit)}</span>`}</figcaption>
${above}${forms.join('\n')}
${below}${note === '' ? '' : `<p class="note">${htmlText(note)}</p>\n`}<details>
<summary>Figures as a table</summary>
${htmlTable(head, rows)}
</details>
</figure>
`
}
