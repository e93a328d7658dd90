/** The words that the schemas of the reference are written in. */
export type Schema = Record<string, unknown>;

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const text = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  description,
  ...more,
});
export const whole = (description: string, more: Schema = {}): Schema => ({
  type: 'integer',
  description,
  ...more,
});
export const listOf = (items: Schema, description = ''): Schema => ({
  type: 'array',
  items,
  description,
});
export const uuid = (description: string): Schema => text(description, { format: 'uuid' });
export const instant = (description: string): Schema => text(description, { format: 'date-time' });

export const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});
