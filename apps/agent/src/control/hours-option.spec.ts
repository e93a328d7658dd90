import { describe, expect, test } from '@jest/globals';
import { readHours } from '#apps/agent/src/control/hours-option.js';

describe('clinic hours', () => {
  test.each([
    ['Mon-Fri 08:00-18:00 Australia/Perth', [1, 2, 3, 4, 5], 'Australia/Perth'],
    ['sat 08:00-18:00', [6], 'Australia/Sydney'],
    ['Fri-Mon,wed 08:00-18:00', [1, 3, 5, 6, 7], 'Australia/Sydney'],
  ])('are read from "%s"', (text, days, timeZone) => {
    expect(readHours(text, 'Australia/Sydney')).toEqual({
      ...{ timeZone, days },
      ...{ from: '08:00', to: '18:00' },
    });
  });

  test('are not limited where nothing is typed', () => {
    expect(readHours(undefined)).toBeUndefined();
    expect(readHours('any')).toBe('any');
  });

  test.each([
    '',
    '08:00-18:00',
    'Mon-Fri',
    'Someday 08:00-18:00',
    'Mon 8-18',
    'Mon-Tue-Wed 08:00-18:00',
  ])('are not read from "%s"', (text) => {
    const problem = expect.stringContaining('--hours must be like');
    expect(() => readHours(text, 'UTC')).toThrow(
      expect.objectContaining({ code: 'COMMAND_INVALID', facts: { problem } }),
    );
  });
});
