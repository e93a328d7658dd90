/** One route as the reference describes it. */
import type { ErrorCode } from '#libs/errors/catalogue.js';

export interface Operation {
  /** As Nest declares it, e.g. `GET /integrator/sites/:siteId`. */
  route: string;
  tag:
    | 'Queries'
    | 'Sites'
    | 'Webhooks'
    | 'Access'
    | 'Operator'
    | 'Agents'
    | 'Audit log'
    | 'Health'
    | 'Reference';
  summary: string;
  description?: string;
  query?: Record<string, string>;
  body?: string;
  bodyRequired?: boolean;
  bodyExample?: unknown;
  /** Absent: JSON. */
  bodyType?: string;
  status: 200 | 201 | 202 | 204;
  answer?: string;
  answerExample?: unknown;
  answerTypes?: string[];
  errors: ErrorCode[];
  /** Failures in a shape of their own: the schema, and the statuses that have it. */
  ownFailures?: { schema: string; statuses: number[] };
  deprecated?: boolean;
}

/** A route in the table of its room: `errors` beside those of keys, sites and bodies. */
export interface RoomRoute extends Omit<Operation, 'tag'> {
  takesBody?: true;
}
