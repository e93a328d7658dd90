/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const P = '/console/api/practices/:practiceId';
const I = '/console/api/integrators/:integratorId';

export const proofRoutes: ConsoleRoutes = {
  [`GET ${P}/activity/:seq/proof`]: {
    may: ['practice-owner', 'practice-manager', 'practice-auditor'],
    summary: 'The record behind a line of activity, with its proof.',
  },
  [`POST ${P}/proofs/export`]: {
    may: ['practice-owner', 'practice-auditor'],
    summary: 'Records with their proofs, as a file to check offline.',
  },
  [`GET ${I}/receipts/:receiptId`]: {
    may: ['integrator-admin', 'integrator-developer'],
    summary: 'The record of an answer, by its receipt, with its proof.',
  },
  [`GET ${I}/activity/:seq/proof`]: {
    may: ['integrator-admin', 'integrator-developer'],
    summary: 'The record behind a line of activity, with its proof.',
  },
  [`POST ${I}/proofs/export`]: {
    may: ['integrator-admin'],
    summary: 'Records with their proofs, as a file to check offline.',
  },
};
