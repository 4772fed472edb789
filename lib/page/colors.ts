/** The colours of pages and charts, for light and for dark screens. */

/** In each pair, the first is for light screens. The first ones of all pairs differ from each other. */
export const colors = {
  paper: ['#ffffff', '#0f1419'],
  ink: ['#1c2128', '#e6edf3'],
  muted: ['#59636e', '#9aa4af'],
  rule: ['#d8dee4', '#30363d'],
  grid: ['#e7ebef', '#232a32'],
  axis: ['#8c959f', '#6e7681'],
  strip: ['#eef2f6', '#1c232b'],
  own: ['#0969da', '#4493f8'],
  bar: ['#a3adb8', '#67717c'],
  good: ['#1a7f37', '#3fb950'],
  bad: ['#cf222e', '#f85149'],
  violet: ['#6639ba', '#ab7df8'],
  teal: ['#0f766e', '#2dbdb0'],
  orange: ['#bc4c00', '#f0883e'],
  slate: ['#57606a', '#8b949e'],
  pink: ['#bf3989', '#f778ba'],
  ochre: ['#8a6d0b', '#d4a72c'],
  brown: ['#7f5539', '#c69c6d'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>

export type ColorName = keyof typeof colors

/** A colour that follows the theme of the page. */
export const color = (name: ColorName): string => `var(--${name})`

const listed = (theme: 0 | 1) => Object.entries(colors).map(([name, pair]) => `--${name}: ${pair[theme]}`)

/** The style that gives colours their values. Printed pages are light. */
export const colorStyle = `:root { color-scheme: light dark; ${listed(0).join('; ')} }
@media screen and (prefers-color-scheme: dark) { :root { ${listed(1).join('; ')} } }`
