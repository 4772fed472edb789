/**
 * Sends a value that cannot cross to a worker, or gets one back, and reports how long it took until
 * the program knew, and what it was told.
 *
 *     node values-run.js LIBRARY KIND LIMIT USE
 */

import { inspect } from 'node:util'
import { sayReported } from '../build.js'
import { type Library, openPool, type Use } from './libraries.js'
import { BAD_ITEM, VALUE_ITEMS, type ValueKind, valueItems, valueWork } from './values.js'

const LONGEST_NOTE = 200

const shortened = (text: string): string =>
  text.length > LONGEST_NOTE ? `${text.slice(0, LONGEST_NOTE).trimEnd()}…` : text

const [library, kindName, limit, useText] = process.argv.slice(2)
const kind = kindName as ValueKind
const { name, expected } = valueWork[kind]
const use: Use = JSON.parse(useText)

/** What came of it. Only the first thing that happens counts. */
interface Outcome {
  /** Whether the item with the value gave what a plain loop gives. */
  readonly crossed?: boolean
  /** Whether the program was told by an error or a warning. */
  readonly reported?: boolean
  /** Whether it was a warning, and there was a result. */
  readonly warned?: boolean
  /** Whether it was told the item. */
  readonly named?: boolean
  readonly hung?: boolean
  readonly note: string
}

const started = { at: 0 }
let warned: Error | undefined
process.on('warning', (warning) => {
  warned ??= warning
})
process.on('uncaughtException', (error) => end({ reported: true, note: `ended the program: ${textOf(error)}` }))
process.on('unhandledRejection', (error) => end({ reported: true, note: `ended the program: ${textOf(error)}` }))

/** The first line of an error, without folders. Some libraries lose the error, and an empty object is left. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return shortened(`an error without a text: ${inspect(error)}`)
  const text = error.message === '' ? `${error.name} without a text` : `${error.name}: ${error.message}`
  return shortened(text.split('\n')[0].replace(/file:\S*\//g, ''))
}

/** Whether an error says which item it is about, in its text or in a field. */
const namesItem = (error: unknown) =>
  new RegExp(`\\b${BAD_ITEM}\\b`).test(textOf(error)) || (error as { index?: unknown }).index === BAD_ITEM

function end({ crossed = false, reported = false, warned = false, named = false, hung = false, note }: Outcome): never {
  const figures = { crossed: +crossed, reported: +reported, warned: +warned, named: +named, hung: +hung }
  sayReported({ value: performance.now() - started.at, figures, note })
  process.exit()
}

const items = await valueItems(kind)
const { map } = await openPool(library as Library, name, use)
const plain = items.filter(({ value }, n) => value === undefined && n !== BAD_ITEM)
await map(plain)
started.at = performance.now()
const timer = setTimeout(() => end({ hung: true, note: `no answer in ${Number(limit) / 1000} s` }), Number(limit))
try {
  const results = await map(items)
  clearTimeout(timer)
  const answered = performance.now()
  // Warnings are emitted in the next turn of the event loop.
  await new Promise(setImmediate)
  started.at += performance.now() - answered
  const result = String(results[BAD_ITEM])
  const crossed = results.length === VALUE_ITEMS && result === expected
  if (warned)
    end({
      ...{ crossed, reported: true, warned: true, named: namesItem(warned) },
      note: `${result}, and a warning: ${textOf(warned)}`,
    })
  end({ crossed, note: crossed ? 'works' : `silently ${result}` })
} catch (error) {
  // The error of the kind `error` is itself a value that must cross.
  const fields = error as { currency?: unknown; cause?: { currency?: unknown } }
  const crossed = kind === 'error' && (fields.currency === 'EUR' || fields.cause?.currency === 'EUR')
  end({ crossed, reported: true, named: namesItem(error), note: textOf(error) })
}
