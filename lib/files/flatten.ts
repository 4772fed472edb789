/** Makes one sequence of groups, such as those of a walk. */

/** Elements that are asked for ahead: those of a few folders, because finding the next folder takes a while. */
const AHEAD = 512

/**
 * Gives the elements of groups one after the other, each converted when it is taken. It asks for
 * groups ahead. `next` answers at once, without a promise, unless it waits for a group: a promise
 * would cost more than finding a file does.
 */
export function flatten<Element, Item>(
  groups: AsyncIterator<readonly Element[]>,
  convert: (element: Element) => Item,
): AsyncIterable<Item> {
  /** Groups that have come, the first of which is being given. */
  const come: (readonly Element[])[] = []
  let at = 0
  let ahead = 0
  let hasEnded = false
  let asked: Promise<void> | undefined

  const ask = () => {
    asked = groups.next().then(({ done, value }) => {
      asked = undefined
      if (done) hasEnded = true
      else {
        come.push(value)
        ahead += value.length
        if (ahead < AHEAD) ask()
      }
    })
    // The error is for whoever waits for the group.
    asked.catch(() => {})
  }

  const next = (): IteratorResult<Item> | Promise<IteratorResult<Item>> => {
    while (come.length > 0 && at === come[0].length) {
      come.shift()
      at = 0
    }
    if (!hasEnded && asked === undefined && ahead < AHEAD) ask()
    if (come.length > 0) {
      ahead--
      return { done: false, value: convert(come[0][at++]) }
    }
    return asked === undefined ? { done: true, value: undefined } : asked.then(next)
  }

  const end = async () => {
    await groups.return?.()
    return { done: true, value: undefined } as const
  }
  // A loop with `for await`, and Source, take an answer that is not a promise.
  return { [Symbol.asyncIterator]: () => ({ next: next as AsyncIterator<Item>['next'], return: end }) }
}
