import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { OwnPasskeys } from '#apps/broker/src/people/own-passkeys.js';
import { AddPasskeyDto, StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { AddPasskeyOptions, Passkey } from '#libs/console-api/session.js';

/** A person's own passkeys. */
@Controller('console/api/passkeys')
@Policy('session')
export class PasskeysController {
  constructor(
    private readonly own: OwnPasskeys,
    private readonly stepUps: StepUps,
  ) {}

  @Get()
  list(@Person() person: SignedInPerson): Promise<Passkey[]> {
    return this.own.list(person);
  }

  @Post('options')
  @HttpCode(200)
  begin(@Person() person: SignedInPerson): Promise<AddPasskeyOptions> {
    return this.own.begin(person);
  }

  /** A stolen session must not be able to make itself at home with a passkey of its own. */
  @Post()
  async add(@Person() person: SignedInPerson, @Body() order: AddPasskeyDto): Promise<Passkey> {
    await this.stepUps.require(person, { type: 'passkey.add', name: order.name }, order.stepUp);
    return this.own.add(person, order);
  }

  @Delete(':passkeyId')
  @HttpCode(204)
  async remove(
    @Person() person: SignedInPerson,
    @Param('passkeyId') passkeyId: string,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    await this.stepUps.require(person, { type: 'passkey.remove', passkeyId }, stepUp);
    await this.own.remove(person, passkeyId);
  }
}
