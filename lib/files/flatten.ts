/** Makes one sequence of groups, such as those of a walk. */

/**
 * Gives the elements of groups one after the other, each converted when it is taken. `next` answers
 * at once, without a promise, unless it waits for a group: a promise would cost more than finding a
 * file does.
 */
export function flatten<Element, Item>(
  groups: AsyncIterator<readonly Element[]>,
  convert: (element: Element) => Item,
): AsyncIterable<Item> {
  let group: readonly Element[] = []
  let at = 0
  const next = (): IteratorResult<Item> | Promise<IteratorResult<Item>> =>
    at < group.length ? { done: false, value: convert(group[at++]) } : groups.next().then(taken)
  const taken = ({ done, value }: IteratorResult<readonly Element[]>) => {
    if (done) return { done, value: undefined }
    group = value
    at = 0
    return next()
  }
  const end = async () => {
    await groups.return?.()
    return { done: true, value: undefined } as const
  }
  // A loop with `for await`, and Source, take an answer that is not a promise.
  return { [Symbol.asyncIterator]: () => ({ next: next as AsyncIterator<Item>['next'], return: end }) }
}
