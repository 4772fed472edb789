import { describe, expect, test } from 'vitest'
import { coreLines } from '../../dist-lib/demo/live.js'

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const looksOf = (cores: number, count: number, share: (core: number, i: number) => number) =>
  range(count).map((i) => range(cores).map((core) => share(core, i)))

describe('the lines of cores', () => {
  test('have a block for each value, as high as the core was busy', () => {
    const lines = coreLines(
      looksOf(2, 9, (core, i) => (core === 0 ? i / 8 : 0)),
      40,
      30,
    )
    expect(lines).toEqual([`core 1        ▁▂▃▄▅▆▇█${' '.repeat(11)} 100 %`, `core 2       ${' '.repeat(20)}   0 %`])
  })

  test('have the whole time, however long that is', () => {
    const [line] = coreLines(
      looksOf(1, 4000, (_, i) => (i < 2000 ? 1 : 0)),
      40,
      30,
    )
    expect(line).toBe(`core 1       ${'█'.repeat(10)}${' '.repeat(10)}   0 %`)
  })

  test.each([
    [64, 30],
    [64, 10],
    [5, 7],
    [1, 2],
  ])('of %i cores fit into a terminal of %i rows, and name all of them', (cores, rows) => {
    const lines = coreLines(
      looksOf(cores, 100, () => 0.5),
      80,
      rows,
    )
    expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 4))
    for (const line of lines) expect(line.length).toBeLessThan(80)
    const named = lines.flatMap((line) => {
      const [, first, last = first] = /^cores? (\d+)(?:-(\d+))? /.exec(line)!
      return range(Number(last) - Number(first) + 1).map((i) => Number(first) + i)
    })
    expect(named).toEqual(range(cores).map((i) => i + 1))
  })

  test('are none as long as nothing is known', () => {
    expect(coreLines([], 80, 30)).toEqual([])
    expect(coreLines([[]], 80, 30)).toEqual([])
  })

  test('do not fail on a terminal that is very small', () => {
    expect(
      coreLines(
        looksOf(2, 100, () => 1),
        5,
        1,
      ),
    ).toHaveLength(1)
  })
})
