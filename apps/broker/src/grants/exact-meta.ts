import { ConduitError } from '#libs/errors/conduit-error.js';
import { firstWrongField, type Shape } from '#libs/grants/field-checks.js';
import type { LinkRequest } from '#libs/link/link-request.js';

/** The message's meta without what every request carries, or REQUEST_INVALID naming the field. */
export function metaOf<Meta>(request: LinkRequest, shape: Shape): Meta {
  const { requestId: _, ...meta } = request.meta;
  const field = firstWrongField(meta, shape);
  if (field === undefined) return meta as Meta;
  const facts = Object.hasOwn(shape.required, field) ? { field } : { problem: 'unknown field' };
  throw new ConduitError('REQUEST_INVALID', { facts });
}
