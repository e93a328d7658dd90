/**
 * What a peer may still send for streams that are over. A side that resets a stream must expect
 * the frames that were already on their way: exactly as many bytes as the credit it had granted,
 * and as much credit as it had used. Anything beyond that was never allowed.
 */
export class LateFrames {
  private dataBytes = 0;
  private creditBytes = 0;

  /** A stream ended while the other side could still send this much for it. */
  expect(dataBytes: number, creditBytes: number): void {
    this.dataBytes += dataBytes;
    this.creditBytes += creditBytes;
  }

  /** @returns false when the peer had no right to send it */
  data(costBytes: number): boolean {
    this.dataBytes -= costBytes;
    return this.dataBytes >= 0;
  }

  /** @returns false when the peer had nothing to return */
  credit(bytes: number): boolean {
    this.creditBytes -= bytes;
    return bytes > 0 && this.creditBytes >= 0;
  }
}
