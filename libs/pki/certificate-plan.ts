/**
 * Deciding what a certificate says, apart from signing it: a plan is plain facts that tests and
 * reviewers can read, and nothing that a requester wrote reaches one except a public key.
 */
import { randomBytes, type KeyObject } from 'node:crypto';
import { agentUri, type AgentName } from '#libs/pki/agent-uri.js';
import { nodeHost, nodeUri, type NodeName } from '#libs/pki/node-name.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Clocks at practices lag; a new certificate must not look unborn to them. */
export const backdatingMs = 5 * MINUTE_MS;
export const agentCertificateLifeMs = 24 * HOUR_MS;
const authorityLifeMs = 3_652 * DAY_MS;
export const serverCertificateLifeMs = 90 * DAY_MS;
export const nodeCertificateLifeMs = 24 * HOUR_MS;

export type CertificateKind = 'authority' | 'agent' | 'server' | 'node';

export interface CertificatePlan {
  kind: CertificateKind;
  /** Lowercase hex, 20 octets, positive. */
  serial: string;
  commonName: string;
  publicKey: KeyObject;
  notBefore: Date;
  notAfter: Date;
  /** subjectAltName entries: one URI for an agent; DNS names and addresses for a server; one of each for a node. */
  uris: string[];
  dnsNames: string[];
  ipAddresses: string[];
}

/** 158 random bits, positive, never more than 20 octets (RFC 5280 §4.1.2.2). */
export function randomSerial(): string {
  const bytes = randomBytes(20);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** @param nowMs milliseconds since the epoch */
export function planAgentCertificate(
  name: AgentName,
  publicKey: KeyObject,
  nowMs: number,
): CertificatePlan {
  return plan('agent', name.agentId, publicKey, nowMs, agentCertificateLifeMs, {
    uris: [agentUri(name)],
  });
}

/** A self-signed root for this installation alone: ten years, pathLen 0. */
export function planAuthority(
  commonName: string,
  publicKey: KeyObject,
  nowMs: number,
): CertificatePlan {
  return plan('authority', commonName, publicKey, nowMs, authorityLifeMs, {});
}

/** @param hosts DNS names and IP addresses under which clients reach the server; the first is the CN */
export function planServerCertificate(
  hosts: { dnsNames: string[]; ipAddresses: string[] },
  publicKey: KeyObject,
  nowMs: number,
  lifeMs = serverCertificateLifeMs,
): CertificatePlan {
  const commonName = hosts.dnsNames[0] ?? hosts.ipAddresses[0] ?? 'conduit';
  return plan('server', commonName, publicKey, nowMs, lifeMs, hosts);
}

/** For the link between two nodes, at whose ends the same certificate may be. */
export function planNodeCertificate(
  name: NodeName,
  publicKey: KeyObject,
  nowMs: number,
): CertificatePlan {
  return plan('node', name.nodeId, publicKey, nowMs, nodeCertificateLifeMs, {
    uris: [nodeUri(name)],
    dnsNames: [nodeHost(name.nodeId)],
  });
}

function plan(
  kind: CertificateKind,
  commonName: string,
  publicKey: KeyObject,
  nowMs: number,
  lifeMs: number,
  names: Partial<Pick<CertificatePlan, 'uris' | 'dnsNames' | 'ipAddresses'>>,
): CertificatePlan {
  return {
    kind,
    serial: randomSerial(),
    commonName,
    publicKey,
    notBefore: new Date(nowMs - backdatingMs),
    notAfter: new Date(nowMs + lifeMs),
    uris: [],
    dnsNames: [],
    ipAddresses: [],
    ...names,
  };
}
