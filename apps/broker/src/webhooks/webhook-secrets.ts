/**
 * What an endpoint's deliveries are signed with: an HMAC secret and an Ed25519 key, made together and
 * stored together, sealed. The broker has to sign when nobody is there, so the sealing key is derived
 * from a secret of the server: it keeps a copy of the store alone from signing, not the server itself.
 */
import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { ed25519FromSeed, rawPublicKey } from '#libs/pki/keys.js';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_BYTES = 1 + IV_BYTES + 2 * KEY_BYTES + TAG_BYTES;
const VERSION = 1;

export interface SigningKeys {
  /** `whsec_…`, as its owner was shown it. */
  secret: string;
  /** The bytes that it stands for. */
  hmacKey: Buffer;
  privateKey: KeyObject;
}

export interface MadeSecret {
  secret: string;
  /** `whpk_…` */
  publicKey: string;
  sealed: Buffer;
}

@Injectable()
export class WebhookSecrets {
  private readonly sealingKey: Buffer;

  constructor(config: BrokerConfig) {
    const pepper = config.keyPepper.reveal();
    const key = hkdfSync('sha256', pepper, '', 'conduit webhook secrets v1', KEY_BYTES);
    this.sealingKey = Buffer.from(key);
  }

  /** @param webhookId that the sealed form belongs to; it opens for no other */
  make(webhookId: string): MadeSecret {
    const plain = randomBytes(2 * KEY_BYTES);
    const { secret } = keysOf(plain);
    const { publicKey } = ed25519FromSeed(plain.subarray(KEY_BYTES));
    return {
      secret,
      publicKey: `whpk_${rawPublicKey(publicKey).toString('base64')}`,
      sealed: this.seal(webhookId, plain),
    };
  }

  /** @throws ConduitError INTERNAL when it was sealed for another endpoint or under another secret */
  open(webhookId: string, sealed: Buffer): SigningKeys {
    const body = sealed.subarray(1 + IV_BYTES, -TAG_BYTES);
    try {
      if (sealed.length !== SEALED_BYTES || sealed[0] !== VERSION) throw new Error('form');
      const iv = sealed.subarray(1, 1 + IV_BYTES);
      const opener = createDecipheriv('aes-256-gcm', this.sealingKey, iv, {
        authTagLength: TAG_BYTES,
      });
      opener.setAAD(Buffer.from(webhookId)).setAuthTag(sealed.subarray(-TAG_BYTES));
      return keysOf(Buffer.concat([opener.update(body), opener.final()]));
    } catch (cause) {
      throw new ConduitError('INTERNAL', { cause });
    }
  }

  private seal(webhookId: string, plain: Buffer): Buffer {
    const iv = randomBytes(IV_BYTES);
    const sealer = createCipheriv('aes-256-gcm', this.sealingKey, iv, { authTagLength: TAG_BYTES });
    sealer.setAAD(Buffer.from(webhookId));
    const body = Buffer.concat([sealer.update(plain), sealer.final()]);
    return Buffer.concat([Buffer.of(VERSION), iv, body, sealer.getAuthTag()]);
  }
}

function keysOf(plain: Buffer): SigningKeys {
  const hmacKey = plain.subarray(0, KEY_BYTES);
  const { privateKey } = ed25519FromSeed(plain.subarray(KEY_BYTES));
  return { secret: `whsec_${hmacKey.toString('base64')}`, hmacKey, privateKey };
}
