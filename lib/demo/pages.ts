/** The pages of the demo. Only `--html` loads them, because the library for charts is large. */

export { comparePage } from './compare-page.js'
export { pitfallsPage } from './pitfalls-page.js'
