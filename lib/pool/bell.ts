/** Wakes one waiting function. A ring is lost if nobody waits for it. */
export class Bell {
  #wake: (() => void) | undefined

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  ring(): void {
    const wake = this.#wake
    if (wake === undefined) return
    this.#wake = undefined
    wake()
  }
}
