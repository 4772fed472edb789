export function buildForWindows() {
  throw new Error('not yet')
}
