/** One listener on a signal, however many runs it ends: many listeners on one look like a leak to Node, which warns its owner. */

interface Listening {
  readonly all: Set<() => void>
  readonly tell: () => void
}

/** What a signal was aborted with. The signals of some polyfills have no reason. */
export const abortReason = ({ reason }: AbortSignal): unknown =>
  reason !== undefined ? reason : new DOMException('This operation was aborted', 'AbortError')

const listening = new WeakMap<AbortSignal, Listening>()

/** Calls `listener` once the signal aborts. Returns a function that takes it back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const { all, tell } = listening.get(signal) ?? listen(signal)
  all.add(listener)
  return () => {
    all.delete(listener)
    if (all.size > 0) return
    signal.removeEventListener('abort', tell)
    listening.delete(signal)
  }
}

function listen(signal: AbortSignal): Listening {
  const all = new Set<() => void>()
  const tell = () => {
    for (const each of all) each()
  }
  signal.addEventListener('abort', tell)
  const made = { all, tell }
  listening.set(signal, made)
  return made
}
