/**
 * For a field that may be absent and may not be null: that would be neither a value nor the default.
 * `@IsOptional` takes null for absent, as callers of the Halo document's fields expect.
 */
import { ValidateIf } from 'class-validator';

export const IfGiven = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
