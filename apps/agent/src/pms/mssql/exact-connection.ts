/** Makes one tedious connection read exactly, without touching any other in the process. */
import type { Connection } from 'tedious';
import { inside } from '#apps/agent/src/pms/mssql/tedious-seam.js';
import { ExactTokenStream, type AnswerListener } from '#apps/agent/src/pms/mssql/token-stream.js';

const listeners = new WeakMap<Connection, AnswerListener>();

/** Answers to the connection's next request go to `listener`; without one, tedious reads them itself. */
export function listen(connection: Connection, listener: AnswerListener | undefined): void {
  if (listener === undefined) listeners.delete(connection);
  else listeners.set(connection, listener);
}

/**
 * @param connection not connected yet
 * @param sessionSql SET statements to run at login and after every reset
 */
export function attachExactReader(connection: Connection, sessionSql: string): void {
  const own = inside(connection);
  const initialSql = own.getInitialSql.bind(connection);
  own.getInitialSql = () => `${initialSql()}\n${sessionSql}`;
  const createTokenStreamParser = own.createTokenStreamParser.bind(connection);
  own.createTokenStreamParser = (message, handler) => {
    const listener = listeners.get(connection);
    if (listener === undefined) return createTokenStreamParser(message, handler);
    const { request } = own;
    return new ExactTokenStream({
      message,
      debug: own.debug,
      options: own.config.options,
      handler,
      listener,
      isOver: () => own.request !== request,
      broken: (error) => own.dispatchEvent('socketError', error),
    });
  };
}
