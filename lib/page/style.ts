/** The style of pages. */

import { colorStyle } from './colors.js'

/** Fonts of the system, because a page loads none. */
export const FONT = '-apple-system, BlinkMacSystemFont, "Segoe UI", Helvetica, Arial, sans-serif'
const CODE_FONT = 'ui-monospace, SFMono-Regular, Consolas, "Liberation Mono", monospace'

/** Widths of charts in pixels. A figure shows the narrow form where it is less than `WIDE_FROM` wide. */
export const WIDE = 680
export const NARROW = 340
const WIDE_FROM = 520

export const pageStyle = `${colorStyle}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 ${FONT} }
main { max-width: ${WIDE + 40}px; margin: 0 auto; padding: 2.5rem 20px 4rem }
h1 { margin: 0 0 1rem; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.01em }
h2 { margin: 3.5rem 0 0.75rem; padding-top: 1rem; border-top: 1px solid var(--rule); font-size: 1.35rem; line-height: 1.3 }
h3 { margin: 2rem 0 0.5rem; font-size: 1.05rem }
p, ul, ol, dl { margin: 0.75rem 0 }
a { color: var(--own); text-underline-offset: 0.15em }
code { display: inline-block; max-width: 100%; font: 0.9em/1.3 ${CODE_FONT}; overflow-wrap: anywhere }
nav { margin: 1.75rem 0 0 }
nav ul { list-style: none; columns: 2; column-gap: 2.5rem; padding: 0; margin: 0; font-size: 0.95rem }
td code { display: inline }
nav li { break-inside: avoid; padding: 0.1rem 0 }
figure { container-type: inline-size; margin: 2rem 0 2.5rem }
h2 + figure { margin-top: 1.25rem }
figcaption { font-weight: 600; line-height: 1.35; margin-bottom: 0.9rem }
figcaption .unit { display: block; font-weight: 400; font-size: 0.9rem; color: var(--muted) }
figure > svg { display: block; width: 100%; height: auto; font-family: inherit }
figure > .narrow { display: none; max-width: ${Math.round(1.3 * NARROW)}px }
@container (max-width: ${WIDE_FROM - 1}px) {
  figure > .wide { display: none }
  figure > .narrow { display: block }
}
figure > svg text { font-variant-numeric: tabular-nums }
.axis { margin: 0; font-size: 0.8125rem; line-height: 1.4; color: var(--muted) }
.axis.x { text-align: right }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.25rem; margin: 0 0 0.9rem; padding: 0; font-size: 0.875rem }
.legend li { display: flex; align-items: center; gap: 0.45rem }
.legend svg { flex: none }
.note { margin: 0.8rem 0 0; font-size: 0.8125rem; line-height: 1.5; color: var(--muted) }
details { margin: 0.4rem 0 0; font-size: 0.8125rem }
summary { color: var(--muted); cursor: pointer; width: fit-content }
summary:hover { color: var(--ink) }
.table { overflow-x: auto; margin: 0.75rem 0 }
table { border-collapse: collapse; font-size: 0.875rem; line-height: 1.4; font-variant-numeric: tabular-nums }
details table { font-size: 0.8125rem }
th, td { padding: 0.35rem 0 0.35rem 1.5rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--rule) }
th:first-child { padding-left: 0; min-width: 7rem }
thead th { font-weight: 600; vertical-align: bottom; border-bottom-color: var(--axis) }
tbody th { font-weight: 400 }
.number { text-align: right; white-space: nowrap }
thead .number { white-space: normal }
dt { margin-top: 0.9rem; font-weight: 600; font-size: 0.9375rem }
dd { margin: 0.3rem 0 0; font-size: 0.9375rem }
dd.problem, dd.fine, dd.unknown { padding-left: 0.75rem; border-left: 3px solid var(--axis) }
dd.problem { border-color: var(--bad) }
dd.fine { border-color: var(--good) }
.warning { padding-left: 0.75rem; border-left: 3px solid var(--bad) }
.numbers span { display: inline-block; margin-right: 0.45rem; font-variant-numeric: tabular-nums; color: var(--muted) }
.numbers .moved { color: var(--own); font-weight: 600 }
.failure { font: 0.8125rem/1.5 ${CODE_FONT}; border-left: 3px solid var(--bad); padding-left: 0.75rem; overflow-wrap: anywhere }
@media (max-width: 600px) {
  main { padding: 1.5rem 16px 3rem }
  h1 { font-size: 1.55rem }
  nav ul { columns: 1 }
  table { font-size: 0.8125rem }
  th, td { padding-left: 0.75rem }
  th:first-child { min-width: 5.5rem }
}
@media print {
  @page { margin: 16mm }
  html { font-size: 10.5pt }
  main { max-width: none; padding: 0 }
  a { color: inherit; text-decoration: none }
  nav { display: none }
  h1, h2, h3, dt, figcaption, .legend, .axis:not(.x), summary { break-after: avoid }
  figure > svg, figcaption, tr, .legend, .note, dd { break-inside: avoid }
  summary { list-style: none }
  figure > svg { max-height: 235mm }
  .table { overflow: visible }
  table, details table { font-size: 8pt }
  th, td { padding-left: 0.75rem }
  .number { white-space: normal }
  details::details-content { content-visibility: visible; display: block; height: auto; block-size: auto }
  svg, tr { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}`
