// Finds which versions of the system's libraries a Linux binary asks for, and which of them are too new.
import { execFileSync } from 'node:child_process'

/** What Node 20 itself asks for, and so what is there wherever it runs. */
const NEWEST = { GLIBC: '2.28', GLIBCXX: '3.4.21', CXXABI: '1.3.9', GCC: '4.3.0' }

const isNewer = (a, b) => {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const at = left.findIndex((number, i) => number !== (right[i] ?? 0))
  return at >= 0 && left[at] > (right[at] ?? 0)
}

/** The versions of symbols that `file` asks for, each once, as in `GLIBC_2.14`. */
export function versionsOf(file) {
  const symbols = execFileSync(process.env.OBJDUMP ?? 'objdump', ['-T', file], { encoding: 'utf8' })
  return [...new Set(symbols.match(/\b(GLIBC|GLIBCXX|CXXABI|GCC)_[0-9.]+/g))].sort()
}

/** Whether some system has none of that version on which Node 20 runs. */
export function isTooNew(version) {
  const [library, number] = version.split('_')
  return isNewer(number, NEWEST[library])
}
