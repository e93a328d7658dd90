import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { ConduitError } from '#libs/errors/conduit-error.js';

/**
 * What an agent sent as `meta`, as the class that describes it. Fields that the class doesn't know
 * are dropped, so that a newer agent can talk to an older broker.
 * @throws ConduitError REQUEST_INVALID naming the first bad field
 */
export function checkedMeta<T extends object>(shape: new () => T, meta: object): T {
  const instance = plainToInstance(shape, meta);
  const [error] = validateSync(instance, {
    whitelist: true,
    validationError: { target: false, value: false },
  });
  if (!error) return instance;
  const [problem] = Object.values(error.constraints ?? { nested: 'is not valid' });
  const facts = { field: error.property, ...(problem !== undefined && { problem }) };
  throw new ConduitError('REQUEST_INVALID', { facts });
}
