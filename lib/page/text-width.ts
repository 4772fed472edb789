/** Estimates the width of texts, because there is no browser to ask. */

/** Widths of characters in ems, somewhat more than those of usual fonts. */
const CLASSES: readonly (readonly [characters: RegExp, width: number])[] = [
  [/[ijl.,:;'|!]/, 0.3],
  [/[ ftrI()[\]/-]/, 0.36],
  [/[mwMW@%]/, 0.92],
  [/[A-Z]/, 0.7],
  [/[\0-\u02ff]/, 0.565],
]
/** Width of characters of other scripts. */
const OTHER = 1

/** Returns about how many pixels wide a line of text is, rather more than less. */
export function textWidth(text: string, size: number, isBold = false): number {
  let ems = 0
  for (const character of text) ems += CLASSES.find(([characters]) => characters.test(character))?.[1] ?? OTHER
  return ems * size * (isBold ? 1.07 : 1)
}

/** Breaks a text into lines. A word that is longer than a line has one of its own. */
export function linesOf(text: string, width: number, size: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && textWidth(longer, size) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}
