/** One line on a terminal that shows what is going on. */

export interface Progress {
  say(text: string): void
  clear(): void
}

/** Shows lines on stderr that each replace the one before; nothing where stderr is not a terminal. */
export function lineProgress(): Progress {
  const show = (text: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${text.slice(0, (process.stderr.columns ?? 80) - 1)}\x1b[K`)
  }
  return { say: show, clear: () => show('') }
}
