/** Structured logs by allow-list: an event of the table, its typed fields, nothing else. */
import pino from 'pino';
import {
  logEventLevels,
  type LogEventName,
  type LogEvents,
} from '#apps/broker/src/logging/log-events.js';

export abstract class EventLog {
  abstract write<E extends LogEventName>(event: E, fields: LogEvents[E]): void;

  /** Hands what is buffered to the operating system; for the last moment of a process. */
  abstract flush(): void;
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
    // pid and host name are the platform's to add.
    this.logger = pino({ ...options, base: null }, destination);
  }

  override write<E extends LogEventName>(event: E, fields: LogEvents[E]): void {
    this.logger[logEventLevels[event]](fields as object, event);
  }

  override flush(): void {
    this.logger.flush();
  }
}

/** Remembers what was written; for tests. */
export class MemoryEventLog extends EventLog {
  readonly lines: { event: LogEventName; fields: object }[] = [];

  override write<E extends LogEventName>(event: E, fields: LogEvents[E]): void {
    this.lines.push({ event, fields });
  }

  override flush(): void {
    // Nothing is buffered.
  }
}
