/** Ends a run by signals. */

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
type StopSignal = keyof typeof NUMBERS

class Stopped extends Error {
  constructor(readonly by: StopSignal) {
    super(`stopped by ${by}`)
  }
}

/** The signal aborts with SIGINT, SIGTERM or SIGHUP. A second one is ignored, because cleaning up is quick. */
export function stopOnSignals(): AbortController {
  const stop = new AbortController()
  for (const name of Object.keys(NUMBERS) as StopSignal[]) process.on(name, () => stop.abort(new Stopped(name)))
  return stop
}

/** The exit code of a run that a signal ended, such as 130; undefined if none did. */
export function exitOfSignal({ reason }: AbortSignal): number | undefined {
  return reason instanceof Stopped ? 128 + NUMBERS[reason.by] : undefined
}
