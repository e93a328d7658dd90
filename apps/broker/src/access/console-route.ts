/** A line of the table of the console's routes: who may call it, and what it is for. */
import type { IntegratorRole, OperatorRole, PracticeRole } from '#libs/console-api/session.js';

export interface ConsoleRoute {
  /** `visitor`, anybody signed in, or the roles of which one is enough; tenants are in the path. */
  may: 'visitor' | 'session' | readonly (PracticeRole | IntegratorRole | OperatorRole)[];
  /** One line, for whoever reads the description of the console's API. */
  summary: string;
}

/** By `METHOD /path`, as Nest declares it. */
export type ConsoleRoutes = Readonly<Record<string, ConsoleRoute>>;
