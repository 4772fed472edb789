/** What a system has that another has not. Tests that need it end their title with it, as in "(needs POSIX permissions)". */

import { describe, test } from 'vitest'

export const isWindows = process.platform === 'win32'

/**
 * A test that is skipped by name on Windows, which has not what it needs, or only for some: permissions and modes of POSIX, signals that a
 * program can catch, a shell, symbolic links (they take a privilege there), names with control characters or `?`.
 */
export const posixTest = test.skipIf(isWindows)
export const describePosix = describe.skipIf(isWindows)
