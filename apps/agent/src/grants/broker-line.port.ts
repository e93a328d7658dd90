/** The little that permission needs of the link to the broker. */
export abstract class BrokerLine {
  abstract readonly attached: boolean;

  /**
   * Asks the broker and waits for the whole answer.
   * @throws ConduitError the broker's own code; LINK_CLOSED when there is no link
   */
  abstract ask(pattern: string, meta: object): Promise<object>;

  /** Calls back each time the link has come up. */
  abstract onAttached(listener: () => void): void;
}
