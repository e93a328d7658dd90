import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Challenges } from '#apps/broker/src/enrolment/challenges.js';
import { EnrolmentSettings } from '#apps/broker/src/enrolment/enrolment-settings.js';
import { RecoverAgent } from '#apps/broker/src/enrolment/recover-agent.js';
import {
  RedeemEnrolmentCode,
  type EnrolledAgent,
} from '#apps/broker/src/enrolment/redeem-enrolment-code.js';
import { SignedTime } from '#apps/broker/src/enrolment/signed-time.js';
import {
  EnrolmentDto,
  enrolmentPaths,
  RecoveryDto,
  TimeQueryDto,
  type ChallengeAnswer,
  type IdentityAnswer,
  type TimeAnswer,
} from '#libs/contracts/enrolment.js';

/** The routes an agent uses before it has a link. Public: each request proves itself by signature. */
@Controller()
@Policy('ownProof')
export class EnrolmentController {
  constructor(
    private readonly challenges: Challenges,
    private readonly redeem: RedeemEnrolmentCode,
    private readonly recover: RecoverAgent,
    private readonly time: SignedTime,
    private readonly settings: EnrolmentSettings,
  ) {}

  @Post(enrolmentPaths.enrolmentChallenge)
  @HttpCode(200)
  enrolmentChallenge(): ChallengeAnswer {
    const { challenges } = this;
    return { challenge: challenges.issue('enrolment'), expiresInMs: challenges.lifeMs };
  }

  @Post(enrolmentPaths.enrolment)
  @HttpCode(200)
  async enrol(@Body() claim: EnrolmentDto): Promise<IdentityAnswer> {
    return this.introduce(await this.redeem.execute(claim));
  }

  @Post(enrolmentPaths.recoveryChallenge)
  @HttpCode(200)
  recoveryChallenge(): ChallengeAnswer {
    const { challenges } = this;
    return { challenge: challenges.issue('recovery'), expiresInMs: challenges.lifeMs };
  }

  @Post(enrolmentPaths.recovery)
  @HttpCode(200)
  async recoverCertificate(@Body() claim: RecoveryDto): Promise<IdentityAnswer> {
    return this.introduce(await this.recover.execute(claim));
  }

  @Get(enrolmentPaths.time)
  @Policy('throttled')
  readTime(@Query() query: TimeQueryDto): Promise<TimeAnswer> {
    return this.time.answer(query.nonce ?? '');
  }

  private introduce(agent: EnrolledAgent): IdentityAnswer {
    const { trustDomain, linkUrl } = this.settings;
    return { ...agent, trustDomain, linkUrl, authority: this.time.authority };
  }
}
