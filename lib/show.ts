/** Numbers as text for people. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes in the decimal unit that leaves one to three digits before the point. */
export function showBytes(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${UNITS[unit]}`
}

export const showSeconds = (seconds: number): string => (seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1))

export const showDecibels = (value: number | null): string => (value === null ? 'no SNR' : `SNR ${value.toFixed(2)} dB`)

/** Counts by name, in the order of the names: '2 flac, 1 mp3'. */
export const showCounts = (counts: ReadonlyMap<string, number>): string =>
  Array.from(counts, ([name, count]) => ({ name, count }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, count }) => `${count} ${name}`)
    .join(', ')

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
