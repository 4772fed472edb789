/** Makes an HTML page that needs no other file, no network and no script. */

import { escapeHtml, htmlTable, htmlText } from './html.js'
import { pageStyle } from './style.js'

export { escapeHtml, htmlTable, htmlText }

export interface Section {
  /** Name for links, unique in the page. */
  readonly id: string
  /** Text of the heading. */
  readonly title: string
  readonly html: string
}

export interface Page {
  /** Text. */
  readonly title: string
  /** HTML that stands before the table of contents. */
  readonly intro: string
  readonly sections: readonly Section[]
}

/** Allows the page's own style, and forbids it to load anything. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/** Makes a page with a table of contents. */
export function htmlPage({ title, intro, sections }: Page): string {
  const links = sections.map(
    (section) => `<li><a href="#${escapeHtml(section.id)}">${escapeHtml(section.title)}</a></li>`,
  )
  const contents =
    sections.length < 2
      ? ''
      : `<nav aria-label="Contents">
<ul>
${links.join('\n')}
</ul>
</nav>
`
  const parts = sections.map(
    (section) => `<section id="${escapeHtml(section.id)}">
<h2>${escapeHtml(section.title)}</h2>
${section.html}
</section>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${pageStyle}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${intro}
${contents}${parts.join('\n')}
</main>
</body>
</html>
`
}
