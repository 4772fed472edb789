/** The page of a record: what it shows, and what it leaves out. */

import { parse } from 'parse5'
import { describe, expect, test } from 'vitest'
import type { BenchRecord } from '../../bench/harness/record.js'
import { pageOf } from '../../bench/report/page.js'
import { workloads } from '../../bench/workloads/index.js'
import { plausibleRecord, record, row, workload } from './records.js'

/** What the parser's nodes may have. */
interface Node {
  readonly nodeName: string
  readonly value?: string
  readonly attrs?: readonly { readonly name: string; readonly value: string }[]
  readonly childNodes?: readonly Node[]
}

/** Text of a page without its style and what is not shown, and the names of its elements. */
function contentOf(page: string): { text: string; names: string[]; ids: string[] } {
  const found = { text: '', names: [] as string[], ids: [] as string[] }
  const visit = (node: Node): void => {
    if (node.nodeName === 'style') return
    if (node.nodeName === '#text') found.text += node.value ?? ''
    else found.names.push(node.nodeName)
    for (const { name, value } of node.attrs ?? []) if (name === 'id') found.ids.push(value)
    for (const child of node.childNodes ?? []) visit(child)
  }
  visit(parse(page) as Node)
  return found
}

const bad = /\b(NaN|undefined|null|Infinity)\b|\[object/

describe('the page of all workloads', () => {
  const page = pageOf(plausibleRecord(workloads))
  const { text, names, ids } = contentOf(page)

  test('is smaller than 3 MB and needs nothing else', () => {
    expect(page.length).toBeLessThan(3e6)
    expect(names).not.toContain('script')
    expect(page).not.toMatch(/(?:src|href)="(?!#)/)
  })

  test('has each workload, and no figure that is none', () => {
    for (const { title } of workloads) expect(text).toContain(title)
    expect(text).not.toMatch(bad)
  })

  test('says first what to use when', () => {
    expect(text.indexOf('Use native code')).toBeLessThan(text.indexOf('What each way costs'))
    expect(text).toContain('This is a model, not a measurement.')
  })

  test('has unique ids', () => expect(new Set(ids).size).toBe(ids.length))

  test('says how to repeat each workload', () => {
    for (const { name } of workloads.filter(({ name }) => name !== 'pitfall-values'))
      expect(text).toContain(`npm run bench -- --full --filter '^${name}$'`)
  })
})

describe('what is not there is left out', () => {
  const one = (rest: Partial<BenchRecord>) => contentOf(pageOf(record([], rest))).text

  test.each([
    ['nothing', record([])],
    [
      'one core',
      record([workload('talk', [row('loop', [1]), row('native', [0.2])])], {
        machine: { ...record([]).machine, cores: 1 },
      }),
    ],
    ['one round', plausibleRecord(workloads, 'short', 1)],
    ['one contender', record(workloads.map(({ name }) => workload(name, [row('native', [1, 2])])))],
    ['times of zero', record(workloads.map(({ name }) => workload(name, [row('loop', [0]), row('native', [0])])))],
    ['no trials', record(workloads.map(({ name }) => workload(name, [])))],
    ['skipped workloads', record(workloads.map(({ name }) => workload(name, [], { skipped: 'needs 5 GB of disk' })))],
    ['one point of a curve', record([workload('lengths', [row('native-1', [1], { series: 'native', x: 1 })])])],
  ])('a record with %s', (_, made) => {
    const { text } = contentOf(pageOf(made))
    expect(text).not.toMatch(bad)
    expect(text).toContain('Machine and method')
  })

  test('a run that was interrupted, on a busy machine, is called that first', () => {
    const { ended, ...interrupted } = record([])
    const { text } = contentOf(pageOf({ ...interrupted, busyBefore: 0.5 }))
    expect(text).toContain('The run was interrupted')
    expect(text).toContain('The machine was busy before the first trial: other programs used 50 % of its CPUs.')
    expect(one({})).not.toContain('Before you believe this')
  })
})

test('text from outside is escaped', () => {
  const evil = '<img src=x onerror=alert(1)>"\'&'
  const made = record(
    [
      workload('talk', [row('loop', [1], { label: evil }), row(evil, [1], { label: evil, series: evil, x: 1 })], {
        title: evil,
        question: evil,
        work: evil,
        missing: [{ name: evil, label: evil, what: evil, install: evil }],
        failed: [{ name: evil, label: evil, why: evil }],
      }),
      workload(evil, [row('loop', [1], { label: evil, trial: { note: evil } })], { skipped: evil }),
    ],
    { machine: { ...record([]).machine, cpu: evil, versions: { [evil]: evil } }, filters: [evil] },
  )
  const page = pageOf(made)
  expect(contentOf(page).names).not.toContain('img')
  expect(contentOf(page).text).toContain(evil)
})
