/** What pages of the console send about people, checked before anything else looks at it. */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsDefined,
  IsEmail,
  IsIn,
  IsObject,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import {
  personRoles,
  type AcceptInvitationRequest,
  type ActionText,
  type AddPasskeyRequest,
  type BeginStepUpRequest,
  type CreateInvitationRequest,
  type OpenInvitationRequest,
  type PersonRole,
  type SignInRequest,
  type StepUp,
  type StepUpRequest,
} from '#libs/console-api/session.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import { IsMoment } from '#libs/contracts/is-moment.js';

const CREDENTIAL_ID = /^[A-Za-z0-9_-]{1,1400}$/;
const BASE64URL = /^[A-Za-z0-9_-]{0,40000}$/;
/** People's own words: everything but control characters, lone surrogates and blanks at the ends. */
const PLAIN_WORDS = /^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u;
const NAME_CHARACTERS = 100;
const ACTION_TYPE = /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/;
const OPAQUE_ID = /^[A-Za-z0-9_-]{1,128}$/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The outer form of a WebAuthn response; what is inside is verified, not believed. */
function isCredential(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value['response'])) return false;
  const { id, rawId, type, response } = value;
  const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature'];
  const isRight = (name: string) => {
    const part = (response as Record<string, unknown>)[name];
    return part === undefined || (typeof part === 'string' && BASE64URL.test(part));
  };
  const handle = (response as Record<string, unknown>)['userHandle'];
  const isHandle = handle === undefined || handle === null || typeof handle === 'string';
  return (
    typeof id === 'string' &&
    CREDENTIAL_ID.test(id) &&
    rawId === id &&
    type === 'public-key' &&
    parts.every(isRight) &&
    isHandle
  );
}

const IsCredential = (): PropertyDecorator =>
  ValidateBy(
    { name: 'isCredential', validator: { validate: isCredential } },
    { message: '$property must be the response of a passkey' },
  );

const isAction = (value: unknown): boolean =>
  isRecord(value) && typeof value['type'] === 'string' && ACTION_TYPE.test(value['type']);

/** Part of every act that asks for a passkey's word. */
export class StepUpDto implements StepUp {
  @IsString()
  @Matches(OPAQUE_ID)
  stepUpId!: string;

  @IsCredential()
  credential!: AuthenticationResponseJSON;
}

/** An act that was confirmed; by itself one that says nothing else. */
export class StepUpRequestDto implements StepUpRequest {
  @IsDefined()
  @ValidateNested()
  @Type(() => StepUpDto)
  stepUp!: StepUpDto;
}

export class BeginStepUpDto implements BeginStepUpRequest {
  @IsObject()
  @ValidateBy(
    { name: 'isAction', validator: { validate: isAction } },
    { message: '$property must have a type such as noun.verb' },
  )
  action!: ActionText;
}

export class OpenInvitationDto implements OpenInvitationRequest {
  @IsString()
  @MaxLength(256)
  code!: string;
}

export class AcceptInvitationDto implements AcceptInvitationRequest {
  @IsString()
  @MaxLength(256)
  code!: string;

  @IfGiven()
  @IsString()
  @Length(1, NAME_CHARACTERS)
  @Matches(PLAIN_WORDS)
  name?: string;

  @IfGiven()
  @IsCredential()
  credential?: RegistrationResponseJSON;
}

export class SignInDto implements SignInRequest {
  @IsString()
  @Matches(OPAQUE_ID)
  ceremonyId!: string;

  @IsCredential()
  credential!: AuthenticationResponseJSON;
}

export class AddPasskeyDto extends StepUpRequestDto implements AddPasskeyRequest {
  @IsString()
  @Matches(OPAQUE_ID)
  ceremonyId!: string;

  @IsString()
  @Length(1, NAME_CHARACTERS)
  @Matches(PLAIN_WORDS)
  name!: string;

  @IsCredential()
  credential!: RegistrationResponseJSON;
}

export class CreateInvitationDto extends StepUpRequestDto implements CreateInvitationRequest {
  @IsIn(personRoles)
  role!: PersonRole;

  @IfGiven()
  @IsEmail()
  @MaxLength(254)
  email?: string;

  @IfGiven()
  @IsMoment()
  expiresAt?: string;
}
