/**
 * The names in a broker node's certificate: `spiffe://<domain>/node/<id>` (SPIFFE-ID §2) says who it is
 * to whom it dials, a DNS name of its own says so to whoever dials it.
 */
import type { X509Certificate } from 'node:crypto';

export interface NodeName {
  /** SPIFFE trust domain of this installation: lower-case letters, digits, dots, hyphens. */
  trustDomain: string;
  /** UUID, lowercase; a new one each time that the node starts. */
  nodeId: string;
}

const trustDomainPattern = /^[a-z0-9]([a-z0-9.-]{0,253}[a-z0-9])?$/;
const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const namePattern = new RegExp(
  `^URI:spiffe://([a-z0-9.-]{1,255})/node/(${uuid}), DNS:(${uuid})\\.node\\.internal$`,
);

/** The host name that its certificate carries; resolved nowhere. */
export const nodeHost = (nodeId: string): string => `${nodeId}.node.internal`;

/** @throws Error when a part holds a character that could change the name's shape */
export function nodeUri({ trustDomain, nodeId }: NodeName): string {
  const wellFormed = trustDomainPattern.test(trustDomain) && isNodeId(nodeId);
  if (!wellFormed) throw new Error('node name with a forbidden character');
  return `spiffe://${trustDomain}/node/${nodeId}`;
}

export const isNodeId = (text: string): boolean => new RegExp(`^${uuid}$`).test(text);

/**
 * Reads the name of a certificate whose chain is already verified. Undefined unless its alternative
 * names are a node's two and the common name is the same node: no agent's or server's certificate is.
 */
export function readNodeName(certificate: X509Certificate): NodeName | undefined {
  const match = namePattern.exec(certificate.subjectAltName ?? '');
  const nodeId = match?.[2];
  if (!match || !nodeId || match[3] !== nodeId || certificate.subject !== `CN=${nodeId}`) {
    return undefined;
  }
  return { trustDomain: match[1]!, nodeId };
}
