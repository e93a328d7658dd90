/**
 * Who works on an incident: the operator's security officer, or a practice's owner. Each changes their own
 * incidents; a practice reads the operator's for its own part, once it was told.
 */
import {
  applyDecorators,
  Controller,
  createParamDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { personOf } from '#apps/broker/src/access/signed-in-person.js';
import type { AuditScope } from '#libs/db/read-audit.js';

export interface IncidentPlace {
  /** Absent: the operator. */
  practiceId?: string;
  personId: string;
}

export interface IncidentAt extends IncidentPlace {
  incidentId: string;
}

export const readerOf = ({ practiceId }: Pick<IncidentPlace, 'practiceId'>): AuditScope =>
  practiceId === undefined ? { kind: 'operator' } : { kind: 'practice', practiceId };

/** Of a request: who asks, and about which incident, by the names in its path. */
export const At = createParamDecorator((_: unknown, context: ExecutionContext): IncidentAt => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { practiceId, incidentId = '' } = request.params as Partial<Record<string, string>>;
  const { personId } = personOf(request);
  return { ...(practiceId !== undefined && { practiceId }), incidentId, personId };
});

export type IncidentHouse = 'operator' | 'practice';

/** Where its incidents are, and whose they are to change. */
export const IncidentRoutes = (house: IncidentHouse): ClassDecorator =>
  house === 'operator'
    ? applyDecorators(
        Controller('console/api/operator/incidents'),
        Policy('operator', ['operator-security']),
      )
    : applyDecorators(
        Controller('console/api/practices/:practiceId/incidents'),
        Policy('practice', ['practice-owner']),
      );
