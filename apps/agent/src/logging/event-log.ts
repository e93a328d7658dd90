/** The agent's log by allow-list: an event of the table, its typed fields, nothing else. */
import pino from 'pino';
import {
  logEventLevels,
  type LogEventName,
  type LogEvents,
} from '#apps/agent/src/logging/log-events.js';

export abstract class EventLog {
  abstract write<E extends LogEventName>(event: E, fields: LogEvents[E]): void;
}

/** JSON lines on standard output. */
export class JsonEventLog extends EventLog {
  private readonly logger: pino.Logger;

  constructor(
    level: string,
    destination: pino.DestinationStream = pino.destination({ sync: true }),
  ) {
    super();
    const options = { level, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'event' };
    this.logger = pino({ ...options, base: null }, destination);
  }

  override write<E extends LogEventName>(event: E, fields: LogEvents[E]): void {
    this.logger[logEventLevels[event]](fields as object, event);
  }
}

/** Remembers what was written; for tests. */
export class MemoryEventLog extends EventLog {
  readonly lines: { event: LogEventName; fields: object }[] = [];

  override write<E extends LogEventName>(event: E, fields: LogEvents[E]): void {
    this.lines.push({ event, fields });
  }
}
