/** Figures for pages: a title, a chart in SVG, a note, and a table of the same figures. */

export { type Bar, barFigure, svgBarChart } from './bars.js'
export { type CoreTimeline, coresFigure } from './cores.js'
export type { ChartText } from './figure.js'
export { type Histogram, type HistogramText, histogramFigure } from './histograms.js'
export { type Line, type LineText, lineFigure, type Point } from './lines.js'
