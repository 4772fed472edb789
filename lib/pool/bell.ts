/** Lets one that waits sleep until somebody rings. Nothing is remembered of a ring that nobody waited for. */
export class Bell {
  #wake: (() => void) | undefined

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  ring(): void {
    this.#wake?.()
  }
}
