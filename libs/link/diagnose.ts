/**
 * Names what went wrong between an agent and its broker, in codes whose remedy a technician can
 * follow. Pure: it looks only at the error and at what the dialler saw on the way.
 */
import { isErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, type ErrorFacts } from '#libs/errors/conduit-error.js';
import { ProxyRefusal } from '#libs/link/connect-proxy.js';

/** What was seen while dialling. */
export interface DialTrace {
  host: string;
  /** Host of the proxy, when there is one. */
  proxyHost?: string;
  /** How far it got: TCP (or the proxy), TLS, then the HTTP upgrade. */
  stage: 'connect' | 'tls' | 'upgrade';
  /** Subject common name of the issuer of the certificate that the other end showed. */
  issuer?: string;
  /** The agent's own certificate, as its dates say by this machine's clock. */
  ownCertificate?: 'valid' | 'not-yet-valid' | 'expired';
  /** This machine's clock minus a trusted one, milliseconds, when known. */
  skewMs?: number;
}

/** The broker answered the upgrade with an HTTP error. */
export class UpgradeRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string | undefined,
  ) {
    super('the upgrade was refused');
    this.name = 'UpgradeRefusal';
  }
}

/** The handshake took too long. */
export class DialTimeout extends Error {
  override readonly name = 'DialTimeout';
}

export const MAX_SKEW_MS = 30_000;

const TIME_ERRORS = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED']);
const CHAIN_ERRORS = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

/**
 * @param error what the attempt failed with
 * @returns TLS_INTERCEPTED (reason: the interceptor's issuer), CLOCK_SKEWED, PROXY_REFUSED,
 *   HOST_UNKNOWN, HOST_REFUSED, BROKER_CERTIFICATE_INVALID, AGENT_IDENTITY_REFUSED, LINK_CLOSED,
 *   or the catalogue code with which the broker refused
 */
export function diagnose(error: unknown, trace: DialTrace): ConduitError {
  const name = (code: Parameters<typeof namedError>[0], reason?: string): ConduitError =>
    namedError(code, { host: trace.host, ...(reason !== undefined && { reason }) }, error);
  if (error instanceof ConduitError) return error;
  if (error instanceof ProxyRefusal) {
    const facts = { host: trace.proxyHost ?? trace.host, reason: proxyReason(error) };
    return namedError('PROXY_REFUSED', facts, error);
  }
  if (error instanceof UpgradeRefusal) {
    return isErrorCode(error.code)
      ? name(error.code)
      : name('LINK_PROTOCOL', `status-${error.status}`);
  }
  if (error instanceof DialTimeout) {
    if (trace.proxyHost === undefined || trace.stage !== 'connect')
      return name('HOST_REFUSED', 'timeout');
    return namedError('PROXY_REFUSED', { host: trace.proxyHost, reason: 'timeout' }, error);
  }
  return name(...nameSystemError(systemCode(error), trace));
}

function nameSystemError(code: string, trace: DialTrace): [NamedCode, string?] {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return ['HOST_UNKNOWN'];
  if (TIME_ERRORS.has(code)) return nameTimeError(trace);
  if (CHAIN_ERRORS.has(code)) return ['TLS_INTERCEPTED', trace.issuer ?? 'unknown-issuer'];
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return ['BROKER_CERTIFICATE_INVALID', 'wrong-host'];
  if (trace.stage === 'connect') return ['HOST_REFUSED', code];
  if (trace.stage === 'tls') {
    // The broker speaks TLS 1.3 and nothing else, so whoever fails at that is not the broker.
    return code.startsWith('ERR_SSL') || code === 'EPROTO'
      ? ['TLS_INTERCEPTED', 'not-tls-1.3']
      : ['HOST_REFUSED', 'cut-during-tls'];
  }
  return nameCutAfterTls(trace);
}

/** A valid chain at the wrong time: either this clock is wrong or the broker's certificate is old. */
function nameTimeError(trace: DialTrace): [NamedCode, string?] {
  if (trace.skewMs === undefined) return ['CLOCK_SKEWED', 'unconfirmed'];
  return Math.abs(trace.skewMs) > MAX_SKEW_MS
    ? ['CLOCK_SKEWED', 'confirmed']
    : ['BROKER_CERTIFICATE_INVALID', 'out-of-date'];
}

/** The broker drops a client certificate it won't take without a word, right after TLS. */
function nameCutAfterTls(trace: DialTrace): [NamedCode, string?] {
  if (trace.skewMs !== undefined && Math.abs(trace.skewMs) > MAX_SKEW_MS) {
    return ['CLOCK_SKEWED', 'confirmed'];
  }
  if (trace.ownCertificate === 'not-yet-valid') return ['CLOCK_SKEWED', 'unconfirmed'];
  if (trace.ownCertificate === 'expired') return ['AGENT_IDENTITY_REFUSED', 'certificate-expired'];
  return ['LINK_CLOSED', 'cut-after-tls'];
}

type NamedCode = ConduitError['code'];

function namedError(code: NamedCode, facts: ErrorFacts, cause: unknown): ConduitError {
  return new ConduitError(code, { cause, facts });
}

function proxyReason(error: ProxyRefusal): string {
  if (error.status === 0) return 'unreachable';
  return error.status === 407 ? 'authentication-required' : `status-${error.status}`;
}

function systemCode(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown';
}
