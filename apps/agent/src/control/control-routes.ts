/** What commands may ask of the running agent: one table of routes, each with the exact form of its body. */
import {
  firstWrongField,
  integer,
  list,
  matches,
  oneOf,
  type Shape,
} from '#libs/grants/field-checks.js';
import { declineReasons, type DeclineAccessRequestMeta } from '#libs/grants/grant-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Clock } from '#libs/kernel/clock.js';
import type { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import type { SiteState } from '#apps/agent/src/brake/site-states.js';
import type { GrantChoices } from '#libs/grants/draft-grant.js';
import {
  isIntegratorId,
  isSiteId,
  placesShape,
  undeclaredRules,
  type PatientPlaces,
  type UndeclaredRule,
} from '#apps/agent/src/consent/consent-file.js';
import { normalisePatient } from '#apps/agent/src/consent/patient-id.js';
import { showConsents } from '#apps/agent/src/consent/show-consents.js';
import type { WithdrawnConsents, Withdrawn } from '#apps/agent/src/consent/withdrawn-consents.js';
import { summarise } from '#apps/agent/src/grants/grant-summary.js';
import type { GrantStore } from '#apps/agent/src/grants/grant-store.js';
import type { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import type { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import type { PracticeApprovers } from '#apps/agent/src/grants/practice-approvers.js';
import type { PracticeDecisions } from '#apps/agent/src/grants/practice-decisions.js';
import type { PausesHere, PracticePauses } from '#apps/agent/src/grants/practice-pauses.js';
import type { SignedGrantGate } from '#apps/agent/src/grants/signed-grant-gate.js';
import type {
  UpdateWindowBook,
  UpdateWindowStanding,
} from '#apps/agent/src/control/update-window.js';
import type { WitnessStanding } from '#apps/agent/src/witness/cosign-checkpoint.js';
import type { OwnLogStanding } from '#apps/agent/src/witness/cross-checkpoints.js';
import type { ReconcileHere } from '#apps/agent/src/witness/reconcile-here.js';
import type { RegisteredStanding } from '#apps/agent/src/registered/registered-standing.js';

export interface ControlParts {
  decisions: PracticeDecisions;
  approvers: PracticeApprovers;
  store: GrantStore;
  rules: LocalRules;
  pauses: PracticePauses;
  consents: WithdrawnConsents;
  gate: SignedGrantGate;
  line: BrokerLine;
  own: OwnIdentity;
  clock: Clock;
  journalWritable: () => boolean;
  /** How the link is, in words for a technician. */
  linkStatus: () => object | undefined;
  siteStates: () => SiteState[];
  registered: () => RegisteredStanding[];
  witness: () => WitnessStanding;
  ownLog: () => OwnLogStanding;
  reconcile: Pick<ReconcileHere, 'execute'>;
  updateWindow: UpdateWindowBook;
}

/** Answer of `status`. */
export interface AgentStatus {
  running: true;
  pid: number;
  agentId: string;
  practiceId: string;
  siteIds: readonly string[];
  /** Of the sites whose database is set here. */
  sites: SiteState[];
  attached: boolean;
  link?: object;
  /** By this machine's own people. */
  paused: boolean;
  /** By the practice, in its console. */
  pausedInConsole: PausesHere;
  ceilingReadable: boolean;
  journalWritable: boolean;
  grantsInForce: number;
  grantsUnpublished: number;
  registered: RegisteredStanding[];
  /** What it has seen of the broker's audit log. */
  witness: WitnessStanding;
  ownLog: OwnLogStanding;
  /** When the practice lets it be updated. */
  updateWindow: UpdateWindowStanding;
}

interface Route {
  shape: Shape;
  handle(body: never, parts: ControlParts): object | Promise<object>;
}

const id = matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
const time = integer(0, 8_640_000_000_000_000);
const word = matches(/^[^\p{C}]{1,200}$/u);
const words = list(word, 1, 500);
const nothing: Shape = { required: {} };

/** What of it can be permitted, the grant's own form says. */
const hoursShape: Shape = {
  required: { timeZone: word, days: list(integer(1, 7), 1, 7), from: word, to: word },
};

const withdrawnShape: Shape = {
  required: {
    siteId: isSiteId,
    patient: (value) => typeof value === 'string' && normalisePatient(value) === value,
  },
  optional: { integratorId: isIntegratorId },
};

const choices = {
  scopes: words,
  catalogues: words,
  purposes: words,
  expires: word,
  rows: integer(1, 1_000_000_000),
  bytes: integer(1, Number.MAX_SAFE_INTEGER),
  perMinute: integer(1, 1_000_000),
  concurrency: integer(1, 1_000),
  keepResults: integer(1, 1_440),
  hours: (value: unknown) => value === 'any' || firstWrongField(value, hoursShape) === undefined,
  writeJournal: oneOf(['none']),
  callerKey: oneOf(['required']),
};

function status(parts: ControlParts): AgentStatus {
  const { store, rules, line, own, gate, journalWritable } = parts;
  const link = parts.linkStatus();
  return {
    running: true,
    pid: process.pid,
    agentId: own.agentId,
    practiceId: own.practiceId,
    siteIds: own.siteIds,
    sites: parts.siteStates(),
    attached: line.attached,
    ...(link && { link }),
    paused: rules.paused,
    pausedInConsole: parts.pauses.here,
    ceilingReadable: rules.ceilingReadable,
    journalWritable: journalWritable(),
    grantsInForce: gate.grantsInForce,
    grantsUnpublished: store.all().filter(({ acknowledged }) => !acknowledged).length,
    registered: parts.registered(),
    witness: parts.witness(),
    ownLog: parts.ownLog(),
    updateWindow: parts.updateWindow.standing(parts.clock.now()),
  };
}

const controlRoutes = {
  'GET /status': { shape: nothing, handle: (_: object, parts) => status(parts) },
  'GET /update-window': {
    shape: nothing,
    handle: async (_: object, { updateWindow, clock }) => {
      await updateWindow.refresh();
      return updateWindow.standing(clock.now());
    },
  },
  'POST /pairing-codes': {
    shape: { required: {}, optional: { siteId: id } },
    handle: ({ siteId }: { siteId?: string }, { decisions }) => decisions.pairingCode(siteId),
  },
  'GET /access-requests': {
    shape: nothing,
    handle: async (_: object, { decisions }) => ({ requests: await decisions.requests() }),
  },
  'POST /access-requests/decline': {
    shape: { required: { accessRequestId: id, reason: oneOf(declineReasons) } },
    handle: async (decision: DeclineAccessRequestMeta, { decisions }) => {
      await decisions.decline(decision);
      return {};
    },
  },
  'POST /drafts': {
    shape: { required: { accessRequestId: id }, optional: choices },
    handle: ({ accessRequestId, ...chosen }: GrantChoices & { accessRequestId: string }, parts) =>
      parts.decisions.draft(accessRequestId, chosen),
  },
  'POST /drafts/sign': {
    shape: { required: { draftId: id } },
    handle: ({ draftId }: { draftId: string }, { decisions }) => decisions.sign(draftId),
  },
  'GET /approvers': {
    shape: nothing,
    handle: (_: object, { approvers }) => ({ approvers: approvers.list() }),
  },
  'GET /approvers/offered': {
    shape: nothing,
    handle: async (_: object, { approvers }) => ({ approvers: await approvers.offered() }),
  },
  'POST /approvers': {
    shape: { required: { words: word } },
    handle: ({ words: typed }: { words: string }, { approvers }) => approvers.admit(typed),
  },
  'POST /approvers/remove': {
    shape: { required: { approverId: id } },
    handle: ({ approverId }: { approverId: string }, { approvers }) => approvers.remove(approverId),
  },
  'GET /grants': {
    shape: nothing,
    handle: (_: object, { store, clock }) => ({ grants: summarise(store.all(), clock.now()) }),
  },
  'POST /revocations': {
    shape: { required: { grantId: id } },
    handle: ({ grantId }: { grantId: string }, { decisions }) => decisions.revoke(grantId),
  },
  'GET /consents': {
    shape: nothing,
    handle: (_: object, { consents, own }) => showConsents(consents, own.siteIds),
  },
  'POST /consents/withdraw': {
    shape: withdrawnShape,
    handle: async (who: Withdrawn, { consents }) => ({ changed: await consents.withdraw(who) }),
  },
  'POST /consents/restore': {
    shape: withdrawnShape,
    handle: async (who: Withdrawn, { consents }) => ({ changed: await consents.restore(who) }),
  },
  'POST /consents/declare': {
    shape: placesShape,
    handle: async (places: PatientPlaces, { consents }) => {
      await consents.declare(places);
      return { changed: true };
    },
  },
  'POST /consents/forget': {
    shape: { required: { command: word } },
    handle: async ({ command }: { command: string }, { consents }) => ({
      changed: await consents.forget(command),
    }),
  },
  'POST /consents/undeclared': {
    shape: { required: { rule: oneOf(undeclaredRules) } },
    handle: async ({ rule }: { rule: UndeclaredRule }, { consents }) => {
      await consents.ruleUndeclared(rule);
      return { changed: true };
    },
  },
  'POST /consents/start-over': {
    shape: nothing,
    handle: async (_: object, { consents }) => {
      await consents.startOver();
      return { changed: true };
    },
  },
  'POST /audit/reconcile': {
    shape: { required: { fromMs: time, toMs: time } },
    handle: (span: { fromMs: number; toMs: number }, { reconcile }) => reconcile.execute(span),
  },
  // The flag itself is a file that the command writes; this makes the agent look at once.
  'POST /look': {
    shape: nothing,
    handle: (_: object, { gate, rules }) => {
      gate.sweep();
      return { paused: rules.paused };
    },
  },
} as const satisfies Record<string, Route>;

export type ControlRoute = keyof typeof controlRoutes;

/** @throws ConduitError ROUTE_NOT_FOUND; REQUEST_INVALID naming the field; what the handler throws */
export async function answerControl(
  route: string,
  body: unknown,
  parts: ControlParts,
): Promise<object> {
  if (!Object.hasOwn(controlRoutes, route)) throw new ConduitError('ROUTE_NOT_FOUND');
  const { shape, handle } = controlRoutes[route as ControlRoute] as Route;
  const field = firstWrongField(body, shape);
  if (field !== undefined) throw new ConduitError('REQUEST_INVALID', { facts: { field } });
  return handle(body as never, parts);
}
