/**
 * The acts of whoever runs the broker, until there is a console: registering practices, ordering
 * enrolment codes, shutting agents out and
 * letting them in again, seeing how they stand. Only with the token in the state folder. Nothing here can
 * permit an integrator anything, nor see data.
 */
import { Module } from '@nestjs/common';
import { EnrolmentModule } from '#apps/broker/src/enrolment/enrolment.module.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { ListAgents } from '#apps/broker/src/operator/list-agents.js';
import { OperatorController } from '#apps/broker/src/operator/operator.controller.js';
import { RegisterPractice } from '#apps/broker/src/operator/register-practice.js';

@Module({
  imports: [EnrolmentModule, GatewayModule],
  controllers: [OperatorController],
  providers: [ListAgents, RegisterPractice],
  exports: [RegisterPractice],
})
export class OperatorModule {}
