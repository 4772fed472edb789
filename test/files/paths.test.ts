/** Paths as shown to people: no character of a name may control the terminal. */

import { expect, test } from 'vitest'
import { showPath } from '../../dist-lib/files/paths.js'

test.each([
  ['a\nb', 'a\\x0ab'],
  ['\u001b[2Jb', '\\x1b[2Jb'],
  ['exe.\u202evaw', 'exe.\\u{202e}vaw'],
  // Each cannot be seen: a soft hyphen, fillers of Hangul, an annotation, a tag of the kind that hides text in text.
  ['a\u00adb', 'a\\xadb'],
  ['a\u3164b\u115f', 'a\\u{3164}b\\u{115f}'],
  ['a\ufff9b', 'a\\u{fff9}b'],
  ['a\u{e0041}b', 'a\\u{e0041}b'],
])('%j is shown as %s', (name, shown) => {
  expect(showPath(name)).toBe(shown)
  expect(showPath(Buffer.concat([Buffer.from(name), Buffer.from([0xff])]))).toBe(`${shown}\\xff`)
})

// Joiners are letters to those who write with them, and parts of emoji, as variation selectors are.
test.each(['ä b.wav', 'می\u200cخواهم.wav', '👩\u200d🚀.wav', '❤\ufe0f.wav', 'e\u0301.wav', '日本.wav'])(
  '%s is shown as it is',
  (name) => {
    expect(showPath(name)).toBe(name)
  },
)
