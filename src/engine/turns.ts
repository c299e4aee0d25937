/** Lets one go at a time, in the order in which they came. */
export class Turns {
  /** The end of the last turn taken. */
  #last: Promise<void> = Promise.resolve();

  /** Settles when every turn so far has ended. */
  get idle(): Promise<void> {
    return this.#last;
  }

  /** Waits for the turn, and returns what ends it. */
  async start(): Promise<() => void> {
    const before = this.#last;
    let endTurn = (): void => {};
    this.#last = new Promise((resolve) => {
      endTurn = resolve;
    });
    await before;
    return endTurn;
  }
}
