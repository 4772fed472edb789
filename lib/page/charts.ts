/** Figures for pages: a title, a chart in SVG, a note, and a table of the same figures. */

export { type Bar, barFigure, svgBarChart } from './bars.js'
export { type CoreTimeline, coresFigure } from './cores.js'
export type { ChartText } from './figure.js'
export { type Histogram, histogramFigure } from './histograms.js'
export { type Line, lineFigure } from './lines.js'
