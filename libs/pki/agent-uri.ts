/** The name in an agent's certificate: `spiffe://<domain>/practice/<id>/agent/<id>` (SPIFFE-ID §2). */
import type { X509Certificate } from 'node:crypto';

export interface AgentName {
  /** SPIFFE trust domain of this installation: lower-case letters, digits, dots, hyphens. */
  trustDomain: string;
  practiceId: string;
  agentId: string;
}

const trustDomainPattern = /^[a-z0-9]([a-z0-9.-]{0,253}[a-z0-9])?$/;
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws Error when a part holds a character that could change the name's shape */
export function agentUri(name: AgentName): string {
  const wellFormed =
    trustDomainPattern.test(name.trustDomain) &&
    idPattern.test(name.practiceId) &&
    idPattern.test(name.agentId);
  if (!wellFormed) throw new Error('agent name with a forbidden character');
  return `spiffe://${name.trustDomain}/practice/${name.practiceId}/agent/${name.agentId}`;
}

/**
 * Reads the name of a certificate whose chain is already verified. Undefined unless its only
 * alternative name is such a URI and the common name is the same agent.
 */
export function readAgentName(certificate: X509Certificate): AgentName | undefined {
  const match =
    /^URI:spiffe:\/\/([a-z0-9.-]{1,255})\/practice\/([A-Za-z0-9_-]{1,64})\/agent\/([A-Za-z0-9_-]{1,64})$/.exec(
      certificate.subjectAltName ?? '',
    );
  if (!match || certificate.subject !== `CN=${match[3]}`) return undefined;
  return { trustDomain: match[1]!, practiceId: match[2]!, agentId: match[3]! };
}
