/** Makes HTML of texts. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes a text for HTML and XML, in attributes too. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character])

/** Escapes a text, and shows what stands in backquotes as code. */
export const htmlText = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')

/** A number, which may have a unit or range: '604', '1.3 x', '0.59 (0.5 to 0.6)'. */
const NUMBER = /^[-+±]?[\d.,]+( ?[^\s\d]+)?( \(.*\))?$/
/** What may stand in a column of numbers: 'fails', '-'. */
const NO_NUMBER = /^[^\s\d]*$/

function isOfNumbers(cells: readonly string[]): boolean {
  return cells.some((cell) => NUMBER.test(cell)) && cells.every((cell) => NUMBER.test(cell) || NO_NUMBER.test(cell))
}

/**
 * Makes a table. The first cell of a row names it. Columns of numbers are aligned on the right. A
 * table that is wider than the page scrolls in its own frame.
 *
 * @param head texts of the head, one for each column; there is no head if all are ''
 * @param rows texts of the cells; what stands in backquotes is shown as code
 */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumeric = head.map((_, i) => i > 0 && isOfNumbers(rows.map((cells) => cells[i] ?? '')))
  const align = (i: number) => (isNumeric[i] ? ' class="number"' : '')
  const heads = head.map((cell, i) => `<th scope="col"${align(i)}>${htmlText(cell)}</th>`)
  const cellOf = (cell: string, i: number) =>
    i === 0 ? `<th scope="row">${htmlText(cell)}</th>` : `<td${align(i)}>${htmlText(cell)}</td>`
  const lines = rows.map((cells) => `<tr>${cells.map(cellOf).join('')}</tr>`)
  const top = head.every((cell) => cell === '') ? '' : `<thead><tr>${heads.join('')}</tr></thead>\n`
  return `<div class="table"><table>
${top}<tbody>
${lines.join('\n')}
</tbody>
</table></div>`
}
