import { DoneStatus, TdsFramingError, Token } from './protocol.js';
import type { ResponseChannel } from './response-channel.js';
import type { Request, SessionRequests } from './session-requests.js';
import { writeDone } from './tokens.js';

/**
 * One request runs, at most one waits. An attention ends the running one; it is acknowledged after
 * that one's own DONE, in a message of its own, once for each attention. Clients count on exactly
 * that: tedious reads the ended answer first and looks for the acknowledgement in the next message.
 */
export class RequestQueue {
  #isRunning = false;
  #waiting: Request | undefined;
  #unansweredAttentions = 0;

  /** @param onRoom called whenever the queue can take another request again */
  constructor(
    private readonly requests: SessionRequests,
    private readonly channel: ResponseChannel,
    private readonly onRoom: () => void,
  ) {}

  get isFull(): boolean {
    return this.#waiting !== undefined;
  }

  add(request: Request): void {
    if (this.#isRunning) this.#waiting = request;
    else void this.#run(request);
  }

  /** A request that the client took back before it was fully sent. */
  addIgnored(): void {
    if (this.#isRunning) throw new TdsFramingError('taken back out of order');
    this.requests.answerIgnored();
  }

  attention(): void {
    if (!this.#isRunning) return this.#acknowledge();
    this.#unansweredAttentions++;
    if (this.#unansweredAttentions === 1) this.requests.cancel();
  }

  /** The client gave up what runs, without an attention: an ignored bulk load, or its socket is gone. */
  abandon(): void {
    if (this.#isRunning) this.requests.cancel();
  }

  /** Nothing that waits will be run any more. */
  close(): void {
    this.#waiting = undefined;
    this.abandon();
  }

  async #run(request: Request): Promise<void> {
    this.#isRunning = true;
    for (let next: Request | undefined = request; next !== undefined;) {
      await this.requests.run(next);
      for (; this.#unansweredAttentions > 0; this.#unansweredAttentions--) this.#acknowledge();
      next = this.#waiting;
      this.#waiting = undefined;
    }
    this.#isRunning = false;
    this.onRoom();
  }

  #acknowledge(): void {
    const { writer } = this.channel;
    writeDone(writer, { token: Token.done, status: DoneStatus.attention, command: 0, rowCount: 0 });
    writer.endMessage();
  }
}
