/** Webhook endpoints: what integrators send to set them up, and the words of the delivery log. */
import 'reflect-metadata';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { IfGiven } from '#libs/contracts/if-given.js';
import { IsMoment } from '#libs/contracts/is-moment.js';
import { webhookEvents, type WebhookEventType } from '#libs/contracts/webhook-events.js';

export const webhookSignatures = ['halo', 'standard'] as const;
export type WebhookSignature = (typeof webhookSignatures)[number];

/** Only the endpoint that asked for it gets one; it has no site. */
export const WEBHOOK_TEST = 'webhook.test';
export type DeliveredType = WebhookEventType | typeof WEBHOOK_TEST;

export const deliveryStates = ['pending', 'delivered', 'failed', 'held'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** Why an attempt did not deliver. */
export const attemptErrors = {
  'address-refused': 'The name has no address, or one that is not public.',
  'country-refused':
    'It is, or is said to be, outside the countries that you declare, or you declare several and it says none.',
  'connection-failed': 'No connection came about, or it broke.',
  'tls-failed': 'The certificate is not valid for the name, or TLS 1.2 could not be agreed on.',
  'timed-out': 'No status came within five seconds.',
  redirected: 'The answer was a redirect; none is followed.',
  'status-refused': 'The answer had another status than 2xx.',
  'secret-unusable': 'The secret cannot be opened any more; rotate it.',
} as const;
export type AttemptError = keyof typeof attemptErrors;

export const webhookLimits = {
  endpoints: 20,
  urlCharacters: 2_000,
  siteIds: 1_000,
  overlapSeconds: 7 * 86_400,
  defaultOverlapSeconds: 86_400,
  deliveriesListed: 200,
} as const;

/** All of an endpoint that its owner decides, but its URL. */
class WebhookChoices {
  /** Empty: every type. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(webhookEvents.length)
  @ArrayUnique()
  @IsIn(webhookEvents, { each: true })
  events?: WebhookEventType[];

  /** Empty: every paired site. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(webhookLimits.siteIds)
  @ArrayUnique()
  @IsUUID(undefined, { each: true })
  siteIds?: string[];

  /** Where it is, ISO 3166-1; one of those that the integrator declares, and needed where these are several. */
  @IfGiven()
  @Matches(/^[A-Z]{2}$/, { message: '$property must be two capital letters' })
  country?: string;

  @IfGiven()
  @IsIn(webhookSignatures)
  signature?: WebhookSignature;

  @IfGiven()
  @IsBoolean()
  paused?: boolean;
}

export class CreateWebhookDto extends WebhookChoices {
  /** https; `{siteId}`, `{queryId}` and `{source}` in its path or query are filled in at each event. */
  @IsString()
  @Length(1, webhookLimits.urlCharacters)
  url!: string;
}

export class ChangeWebhookDto extends WebhookChoices {
  @IfGiven()
  @IsString()
  @Length(1, webhookLimits.urlCharacters)
  url?: string;
}

export class RotateWebhookSecretDto {
  /** How long the secret before signs too. */
  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(webhookLimits.overlapSeconds)
  overlapSeconds?: number;
}

export class ListDeliveriesDto {
  @IsOptional()
  @Matches(/^(?:[1-9]\d?|1\d\d|200)$/, { message: '$property must be a number from 1 to 200' })
  limit?: string;

  @IsOptional()
  @IsIn(deliveryStates)
  state?: DeliveryState;

  /** `next` of the page before. */
  @IsOptional()
  @IsUUID()
  after?: string;
}

export class RedeliverDto {
  /** Events from this moment on. */
  @IsMoment()
  since!: string;
}
