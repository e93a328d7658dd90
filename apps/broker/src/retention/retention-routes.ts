/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const P = '/console/api/practices/:practiceId/retention';
const O = '/console/api/operator/retention';
const readers = ['practice-owner', 'practice-auditor'] as const;
const owners = ['practice-owner'] as const;
const officers = ['operator-security'] as const;

export const retentionRoutes: ConsoleRoutes = {
  [`GET ${P}`]: { may: readers, summary: 'What is kept and for how long, planned, held, gone.' },
  [`PUT ${P}/periods`]: { may: owners, summary: 'Keeps a kind of record longer.' },
  [`POST ${P}/undo`]: { may: owners, summary: 'Undoes what is planned to be destroyed.' },
  [`POST ${P}/holds`]: { may: owners, summary: 'Holds records: nothing of them is destroyed.' },
  [`POST ${P}/holds/:holdId/lift`]: { may: owners, summary: 'Lifts a hold of the practice’s.' },
  [`POST ${P}/people/:personId/erase`]: {
    may: owners,
    summary: 'Asks for the name of somebody who has left to be erased.',
  },
  [`GET ${O}`]: { may: officers, summary: 'The schedule, plans, holds and register, in counts.' },
  [`POST ${O}/undo`]: { may: officers, summary: 'Undoes what is planned for a tenant.' },
  [`POST ${O}/holds`]: { may: officers, summary: 'Holds records of a practice or an integrator.' },
  [`POST ${O}/holds/:holdId/lift`]: { may: officers, summary: 'Lifts a hold of the operator’s.' },
};
