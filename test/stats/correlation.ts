/** Correlations within a long row of noise, in standard errors: of n products of independent values that is 1 / sqrt(n). */

/**
 * What there is to see of values, each time with mean 0 and variance 1. Two values of Box and Muller share a radius, and what
 * is alike in size need not be in sign.
 */
export const views: readonly (readonly [name: string, view: (row: Float32Array) => Float32Array])[] = [
  ['values', (row) => row],
  ['squares', squares],
  ['sizes', sizes],
]

// Loops, since `map` takes ten times as long.
function squares(row: Float32Array): Float32Array {
  const seen = new Float32Array(row.length)
  for (let i = 0; i < row.length; i++) seen[i] = (row[i] * row[i] - 1) / Math.SQRT2
  return seen
}

function sizes(row: Float32Array): Float32Array {
  const seen = new Float32Array(row.length)
  const mean = Math.sqrt(2 / Math.PI)
  const deviation = Math.sqrt(1 - 2 / Math.PI)
  for (let i = 0; i < row.length; i++) seen[i] = (Math.abs(row[i]) - mean) / deviation
  return seen
}

/** Values with those `lag` frames on. */
export function lagCorrelation(row: Float32Array, lag: number): number {
  const n = row.length - lag
  let sum = 0
  for (let i = 0; i < n; i++) sum += row[i] * row[i + lag]
  return sum / Math.sqrt(n)
}

/** The row as lines of `width` values: every column with every one before it. */
export function columnCorrelations(row: Float32Array, width: number): [a: number, b: number, deviations: number][] {
  const sums = new Float64Array(width * width)
  for (let line = 0; line < row.length; line += width)
    for (let a = 1; a < width; a++) {
      const value = row[line + a]
      for (let b = 0; b < a; b++) sums[a * width + b] += value * row[line + b]
    }
  const scale = 1 / Math.sqrt(row.length / width)
  const pairs: [number, number, number][] = []
  for (let a = 1; a < width; a++) for (let b = 0; b < a; b++) pairs.push([a, b, sums[a * width + b] * scale])
  return pairs
}

/** The row as lines of `width` values: the mean of every column, in standard errors. */
export function columnMeans(row: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width)
  for (let line = 0; line < row.length; line += width) for (let a = 0; a < width; a++) sums[a] += row[line + a]
  return sums.map((sum) => sum / Math.sqrt(row.length / width))
}

/** Of independent figures the sum of squares, as they are chi-square: what is too little to see in one of them. */
export function allTogether(figures: Float64Array): number {
  const chiSquare = figures.reduce((sum, figure) => sum + figure * figure, 0)
  return (chiSquare - figures.length) / Math.sqrt(2 * figures.length)
}
