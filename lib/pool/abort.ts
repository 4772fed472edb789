/**
 * Calls several functions when an AbortSignal aborts, through one event listener for each signal.
 * Node warns of a leak if a signal has many listeners, and many runs may share a signal.
 */

interface Listening {
  readonly all: Set<() => void>
  readonly notify: () => void
}

/**
 * The reason that a signal was aborted with. The signals of some polyfills have none; then it is an
 * AbortError.
 */
export const abortReason = ({ reason }: AbortSignal): unknown =>
  reason !== undefined ? reason : new DOMException('This operation was aborted', 'AbortError')

const listening = new WeakMap<AbortSignal, Listening>()

/** Calls `listener` when the signal aborts. Returns a function that removes the listener. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const { all, notify } = listening.get(signal) ?? listen(signal)
  all.add(listener)
  return () => {
    all.delete(listener)
    if (all.size > 0) return
    signal.removeEventListener('abort', notify)
    listening.delete(signal)
  }
}

function listen(signal: AbortSignal): Listening {
  const all = new Set<() => void>()
  const notify = () => {
    for (const each of all) each()
  }
  signal.addEventListener('abort', notify)
  const made = { all, notify }
  listening.set(signal, made)
  return made
}
