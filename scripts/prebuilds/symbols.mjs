// Finds the versions of system libraries that a Linux binary requires, and those that are too new.
import { execFileSync } from 'node:child_process'

/** The versions that Node 20 itself requires. Every system on which it runs has them. */
const NEWEST = { GLIBC: '2.28', GLIBCXX: '3.4.21', CXXABI: '1.3.9', GCC: '4.3.0' }

const isNewer = (a, b) => {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const at = left.findIndex((number, i) => number !== (right[i] ?? 0))
  return at >= 0 && left[at] > (right[at] ?? 0)
}

/** Returns the versions of symbols that `file` requires, each once, such as `GLIBC_2.14`. */
export function versionsOf(file) {
  const symbols = execFileSync(process.env.OBJDUMP ?? 'objdump', ['-T', file], { encoding: 'utf8' })
  return [...new Set(symbols.match(/\b(GLIBC|GLIBCXX|CXXABI|GCC)_[0-9.]+/g))].sort()
}

/** Whether a version is too new for some system on which Node 20 runs. */
export function isTooNew(version) {
  const [library, number] = version.split('_')
  return isNewer(number, NEWEST[library])
}
