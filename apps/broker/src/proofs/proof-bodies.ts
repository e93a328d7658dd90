/** What the pages of proofs send, checked before anything else looks at it. */
import 'reflect-metadata';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import type { ExportProofsRequest } from '#libs/console-api/proofs.js';
import { IsMoment } from '#libs/contracts/is-moment.js';

export class ExportProofsDto extends StepUpRequestDto implements ExportProofsRequest {
  @IsMoment()
  from!: string;

  @IsMoment()
  to!: string;
}
