/** Moments and days as an incident's people say them, by its zone, named. */

/** @param moment ISO 8601 @param timeZone IANA name */
export function sayMoment(moment: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-AU', {
    ...{ day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit' },
    ...{ timeZone, timeZoneName: 'short' },
  } as const).format(new Date(moment));
}

/** @param day YYYY-MM-DD */
export function sayDay(day: string): string {
  return new Intl.DateTimeFormat('en-AU', {
    ...{ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' },
  } as const).format(new Date(`${day}T00:00:00Z`));
}
