/**
 * How both ends use `ws`. Compression is left to the payloads' owners. Messages are handed over as
 * they come: several may be read from one chunk within one turn of the event loop.
 */
export const SOCKET_OPTIONS = {
  perMessageDeflate: false,
  skipUTF8Validation: true,
  /** Milliseconds that the closing handshake may take before the socket is dropped. */
  closeTimeout: 2_000,
} as const;
