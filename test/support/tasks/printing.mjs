/** Functions that print a number of lines to each stream of their thread. */

import { pass } from './calls.mjs'

export function print({ name, lines }) {
  for (let line = 0; line < lines; line++) {
    console.log(`${name} ${line}`)
    console.error(`${name} ${line}`)
  }
}

/** Prints after its result was sent. */
export function printLater(item) {
  setImmediate(print, item)
}

/** Prints, and then waits for a gate. */
export async function printAndPass(item) {
  print(item)
  await pass(item)
}

/** Does something to the stream, after which nobody may expect an answer from it. */
export function spoil(how) {
  console.log('before')
  if (how === 'end') process.stdout.end()
  else if (how === 'cork') process.stdout.cork()
  else if (how === 'destroy') process.stdout.destroy()
  else process.stdout.write = () => true
  if (how !== 'end' && how !== 'destroy') console.log('after')
  return how
}
