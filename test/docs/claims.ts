/** Finds claims about speed in Markdown. */

/** The prose of a document, a line for each paragraph: without code, tables that are made, and comments. */
export function proseOf(markdown: string): string {
  const kept = markdown
    .replaceAll(/<!-- table: .*?<!-- end of table -->/gs, '')
    .replaceAll(/^```.*?^```$/gms, '')
    .replaceAll(/<!--.*?-->/gs, '')
  return kept
    .split(/\n(?:\s*\n)+/)
    .filter((paragraph) => !/^ {4}/.test(paragraph))
    .map((paragraph) => paragraph.replaceAll(/`[^`]*`/g, '').replaceAll(/\n(?!\|)\s*/g, ' '))
    .join('\n')
}

const NUMBER = String.raw`\d[\d,.]*`
const WORD = '(?:nano|micro|milli)?seconds?'

const CLAIMS = [
  // 20 ms, 1.25 to 1.30 ns, 0.5 GB/s, 30 seconds
  String.raw`${NUMBER} ?(?:ns|us|µs|ms|[kMG]B\/s)(?!\w)`,
  String.raw`${NUMBER}(?: |-)(?:s|${WORD}|minutes?|hours?)(?![\w-])`,
  // a few microseconds, a fraction of a millisecond, a second or more
  String.raw`\b(?:few|two|three|five|ten|tens of|hundreds of|(?:fraction|half|tenth|fifth)(?: of)? an?) ${WORD}`,
  String.raw`\ban? (?:${WORD} or (?:less|more)|(?:nano|micro|milli)second)`,
  // twice as fast, 1.8 to 2.05 times as long, 18.7 x
  String.raw`\b(?:twice|half|times?) as (?:fast|long|slow|quickly)`,
  String.raw`${NUMBER} ?(?:x|times)(?! ?\w*\d)\b(?! the)`,
  String.raw`\b(?:faster|slower|fastest|slowest)\b`,
]
const CLAIM = new RegExp(CLAIMS.map((claim) => `(?:${claim})`).join('|'), 'gu')

/** Each claim with the words around it. */
export const claimsIn = (prose: string): string[] =>
  Array.from(prose.matchAll(CLAIM), ({ index, 0: claim }) =>
    prose.slice(Math.max(0, index - 60), index + claim.length + 40).replaceAll('\n', ' '),
  )
