/** What the permission check must know of the agent it runs in; comes from enrolment, never from a message. */
export abstract class OwnIdentity {
  abstract readonly agentId: string;
  abstract readonly practiceId: string;
  /** Sites of this agent. */
  abstract readonly siteIds: readonly string[];
  /** Raw Ed25519 public key of K_id. */
  abstract readonly publicKey: Uint8Array;

  /** Ed25519 signature by K_id. */
  abstract sign(bytes: Uint8Array): Uint8Array;
}
