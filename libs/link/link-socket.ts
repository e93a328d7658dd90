/**
 * What a link needs of a message socket. `ws` offers it as it is; tests put a pair of pretend
 * sockets in its place. Messages arrive whole and in order.
 */
export interface LinkSocket {
  /** Bytes accepted by `send` that the operating system has not taken yet. */
  readonly bufferedAmount: number;
  /** @param sent called once the bytes were handed to the operating system, or with the failure */
  send(message: Uint8Array, sent: (error?: Error) => void): void;
  /** Starts the closing handshake with a WebSocket close code (RFC 6455, section 7.4). */
  close(code: number): void;
  /** Drops the connection at once. */
  terminate(): void;
  on(event: 'message', listener: (message: unknown, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}
