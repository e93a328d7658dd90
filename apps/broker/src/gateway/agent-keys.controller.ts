import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { checkedMeta } from '#apps/broker/src/gateway/checked-meta.js';
import { RenewCertificate } from '#apps/broker/src/gateway/renew-certificate.js';
import { RotateEncryptionKey } from '#apps/broker/src/gateway/rotate-encryption-key.js';
import { EncryptionKeyDto } from '#libs/contracts/agent-report.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { LinkContext } from '#libs/link/link-context.js';
import { LinkRequest } from '#libs/link/link-request.js';

/** The agent replaces its short-lived keys over the link it already has. */
@Controller()
export class AgentKeysController {
  constructor(
    private readonly renew: RenewCertificate,
    private readonly rotate: RotateEncryptionKey,
  ) {}

  /** The body is the PKCS #10 request. */
  @MessagePattern(brokerPatterns.renewCertificate)
  async renewCertificate(@Payload() request: LinkRequest, @Ctx() { peer }: LinkContext<AgentPeer>) {
    return { certificate: await this.renew.execute(peer, request.body) };
  }

  @MessagePattern(brokerPatterns.rotateEncryptionKey)
  async rotateEncryptionKey(
    @Payload() request: LinkRequest,
    @Ctx() { peer }: LinkContext<AgentPeer>,
  ) {
    const { publicKey } = checkedMeta(EncryptionKeyDto, request.meta);
    await this.rotate.execute(peer, Buffer.from(publicKey, 'base64url'));
    return {};
  }
}
