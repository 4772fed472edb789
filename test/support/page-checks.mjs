/** What `checkPage` looks for inside a page. The browser runs this function, so it uses nothing outside itself. */

/**
 * Returns what is wrong with the page as it is shown now, in sentences.
 *
 * @param {boolean} isPrinted whether tables behind charts must be open
 * @returns {string[]}
 */
export function problemsInPage(isPrinted) {
  const problems = []
  const root = document.documentElement
  if (root.scrollWidth > innerWidth) problems.push(`the page is ${root.scrollWidth} px wide in ${innerWidth} px`)

  const channels = (text) => (text.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (text) => {
    const [r, g, b] = channels(text).map((value) => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (light + 0.05) / (dark + 0.05)
  }
  const paper = getComputedStyle(document.body).backgroundColor
  const isPaint = (value) => value !== 'none' && channels(value)[3] !== 0

  /** WCAG asks for 4.5 for text, and for 3 for what one must see of a picture. */
  const TEXT_CONTRAST = 4.5
  for (const element of document.querySelectorAll('h1, h2, p, figcaption, th, td, dt, dd, summary, a')) {
    const { color } = getComputedStyle(element)
    if (contrast(color, paper) < TEXT_CONTRAST)
      problems.push(`"${element.textContent.slice(0, 40)}" is ${color} on ${paper}`)
  }

  const ids = Array.from(document.querySelectorAll('[id]'), (element) => element.id)
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) problems.push(`the id ${id} is there twice`)

  for (const figure of document.querySelectorAll('figure')) {
    const title = figure.querySelector('figcaption')?.textContent ?? 'a figure without a title'
    const wrong = (text) => problems.push(`${title}: ${text}`)
    const shown = Array.from(figure.querySelectorAll('svg[role=img]')).filter(
      (svg) => svg.getBoundingClientRect().width > 0,
    )
    if (shown.length !== 1) wrong(`${shown.length} charts are shown`)
    const rows = Array.from(figure.querySelectorAll('details tbody tr'))
    if (rows.length === 0) wrong('there is no table behind the chart')
    if (isPrinted && rows.some((row) => row.getBoundingClientRect().height === 0)) wrong('its table is not printed')
    for (const svg of shown) {
      const frame = svg.getBoundingClientRect()
      if (!(svg.getAttribute('aria-label')?.length > 10)) wrong('the chart has no name')
      if (frame.width < 0.9 * Math.min(figure.clientWidth, 440)) wrong(`the chart is only ${frame.width} px wide`)
      const marks = Array.from(svg.querySelectorAll('path, rect, circle')).filter((mark) => {
        const { width, height } = mark.getBBox()
        const { fill, stroke } = getComputedStyle(mark)
        const paints = [fill, stroke].filter(isPaint)
        return width + height > 0 && paints.some((paint) => contrast(paint, paper) >= 1.1)
      })
      if (marks.length === 0) wrong('the chart shows nothing')
      const texts = Array.from(svg.querySelectorAll('text')).map((text) => ({
        words: text.textContent.trim(),
        size: Number.parseFloat(getComputedStyle(text).fontSize) * (frame.width / svg.viewBox.baseVal.width),
        fill: getComputedStyle(text).fill,
        box: text.getBoundingClientRect(),
      }))
      for (const { words, size, fill, box } of texts) {
        if (contrast(fill, paper) < TEXT_CONTRAST) wrong(`"${words}" is ${fill} on ${paper}`)
        if (size < 9) wrong(`"${words}" is only ${size.toFixed(1)} px high`)
        const beyond = Math.max(
          frame.left - box.left,
          box.right - frame.right,
          frame.top - box.top,
          box.bottom - frame.bottom,
        )
        if (beyond > 2) wrong(`"${words}" reaches ${beyond.toFixed(0)} px beyond the chart`)
      }
      for (const [i, a] of texts.entries()) {
        for (const b of texts.slice(i + 1)) {
          const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left)
          const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top)
          // The box of a line of text is higher than its letters.
          if (across > 1 && down > 4) wrong(`"${a.words}" and "${b.words}" overlap`)
        }
      }
    }
  }
  return problems
}
