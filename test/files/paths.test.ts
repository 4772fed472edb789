/** Paths for people: nothing of a name may act on a terminal. */

import { expect, test } from 'vitest'
import { showPath } from '../../dist-lib/files/paths.js'

test.each([
  ['a\nb', 'a\\x0ab'],
  ['\u001b[2Jb', '\\x1b[2Jb'],
  ['exe.\u202evaw', 'exe.\\u{202e}vaw'],
  ['a\u2066b\u2069', 'a\\u{2066}b\\u{2069}'],
  ['a\u200fb\u061c', 'a\\u{200f}b\\u{61c}'],
  ['a\u2028b', 'a\\u{2028}b'],
  ['\ufeffa\u200b', '\\u{feff}a\\u{200b}'],
])('%j is shown as %s', (name, shown) => {
  expect(showPath(name)).toBe(shown)
  expect(showPath(Buffer.concat([Buffer.from(name), Buffer.from([0xff])]))).toBe(`${shown}\\xff`)
})

// Joiners are letters to those who write with them, and parts of emoji.
test.each(['ä b.wav', 'می\u200cخواهم.wav', '👩\u200d🚀.wav', 'e\u0301.wav', '日本.wav'])(
  '%s is shown as it is',
  (name) => {
    expect(showPath(name)).toBe(name)
  },
)
