/** What the operator's pages send to bring in practices, sites and integrators. */
import { Type } from 'class-transformer';
import { IsDefined, ValidateNested } from 'class-validator';
import { StepUpDto } from '#apps/broker/src/people/people-bodies.js';
import type {
  OrderEnrolmentCodeRequest,
  RegisterIntegratorRequest,
} from '#libs/console-api/operator.js';
import { CreateEnrolmentCodeDto, CreateIntegratorDto } from '#libs/contracts/operator.js';

export class OrderEnrolmentCodeDto
  extends CreateEnrolmentCodeDto
  implements OrderEnrolmentCodeRequest
{
  @IsDefined()
  @ValidateNested()
  @Type(() => StepUpDto)
  stepUp!: StepUpDto;
}

export class RegisterIntegratorDto
  extends CreateIntegratorDto
  implements RegisterIntegratorRequest
{
  @IsDefined()
  @ValidateNested()
  @Type(() => StepUpDto)
  stepUp!: StepUpDto;
}
