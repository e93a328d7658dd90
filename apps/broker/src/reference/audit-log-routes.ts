/** The audit log as anybody may watch it: C2SP tlog-tiles under `/audit`. */
import type { Operation } from '#apps/broker/src/reference/operation.js';

const shared = {
  tag: 'Audit log',
  status: 200,
  errors: ['LOG_TILE_NOT_FOUND', 'RATE_LIMITED', 'INTERNAL'],
} as const;

export const auditLogRoutes: readonly Operation[] = [
  {
    route: 'GET /audit/checkpoint',
    summary: 'Read the head of the audit log',
    description:
      'A C2SP tlog-checkpoint: the newest head that a witness has cosigned within the last minute, with its ' +
      'cosignatures, else the newest. 404 while there is no record at all.',
    answerTypes: ['text/plain'],
    ...shared,
    errors: [...shared.errors],
  },
  {
    route: 'GET /audit/key',
    summary: "Read the audit log's verifier key",
    description:
      'As C2SP signed-note writes it. Fetch it once, and compare it with what others have.',
    answerTypes: ['text/plain'],
    ...shared,
    errors: [...shared.errors],
  },
  {
    route: 'POST /audit/cosignatures',
    summary: 'Hand in a cosignature of a head of the audit log',
    description:
      'For witnesses whose verifier key the operator has put into its settings; the signature is the only credential. ' +
      'The body is the text of a checkpoint and, after an empty line, one `cosignature/v1` line of the witness (C2SP ' +
      'tlog-cosignature), of the last hour. COSIGNATURE_REFUSED has `unknown-witness`, `unknown-head`, `signature` or `time` as ' +
      'its reason.',
    body: 'Cosignature',
    bodyRequired: true,
    bodyType: 'text/plain',
    tag: shared.tag,
    status: 204,
    errors: ['COSIGNATURE_REFUSED', 'RATE_LIMITED', 'INTERNAL'],
  },
  {
    route: 'GET /audit/tile/*',
    summary: 'Read a tile of the audit log',
    description:
      'C2SP tlog-tiles: `/audit/tile/<level>/<number>[.p/<width>]`, up to 256 SHA-256 hashes side by side. Hashes ' +
      'alone: records are salted, and are not served here.',
    answerTypes: ['application/octet-stream'],
    ...shared,
    errors: [...shared.errors],
  },
];
