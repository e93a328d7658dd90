/**
 * What the console and the broker say about what is kept and for how long: the schedule, what is planned to go, what
 * is held back, and the register of what went. Counts and times, never contents. Times are ISO 8601 UTC. Below
 * `/console/api/practices/:practiceId/retention` for a practice's own, `/console/api/operator/retention` for all.
 */
import type { StepUp } from '#libs/console-api/session.js';

/** What goes by a plan; what goes by itself within hours and days is only described. */
export const retentionKinds = [
  'audit-record',
  'person-name',
  'contact-name',
  'privacy-request',
  'access-request',
  'records-differ',
  'reconciliation',
  'usage-count',
  'webhook-delivery',
  'server-timeline',
] as const;
export type RetentionKind = (typeof retentionKinds)[number];

/** Between the plan and its execution: as long as anybody can undo it. */
export const RETENTION_WAIT_DAYS = 7;
/** What was undone is not planned again before. */
export const UNDONE_DAYS = 30;
export const MOST_HOLD_REASON_CHARACTERS = 300;

export interface RetentionRuleView {
  kind: RetentionKind;
  /** Grows when what the rule says changes. */
  version: number;
  what: string;
  days: number;
  /** After which event the days begin. */
  from: string;
  basis: string;
  action: 'destroyed' | 'name-erased';
  /** A practice may choose so many days at most; absent: it may not choose. */
  longestDays?: number;
  /** What this practice chose. */
  ownDays?: number;
  /** Absent: nothing is planned. */
  next?: PlannedDestruction;
}
/** Plans of one kind, summed up. */
export interface PlannedDestruction {
  /** As it was when it was planned; a hold takes out what it holds. */
  records: number;
  oldest?: string;
  newest?: string;
  /** Until the first of them is carried out: it can be undone before. */
  executeAfter: string;
}

/** What goes by itself, or stays; in words. */
export interface OtherRecords {
  what: string;
  howLong: string;
  why: string;
}

export interface HoldView {
  holdId: string;
  /** Of the operator's page alone. */
  practiceName?: string;
  integratorName?: string;
  siteName?: string;
  /** Absent: all kinds. */
  kind?: RetentionKind;
  from?: string;
  to?: string;
  /** To the side that placed it. */
  reason?: string;
  placedAs: 'practice' | 'operator';
  placedAt: string;
  placedBy?: string;
  liftedAt?: string;
}

/** One plan that was carried out, all its steps together. */
export interface DestructionView {
  planId: string;
  kind: RetentionKind;
  action: 'destroyed' | 'name-erased';
  ruleVersion: number;
  records: number;
  /** Of what went. */
  oldest: string;
  newest: string;
  destroyedAt: string;
  /** Somebody asked for it; absent: the schedule. */
  wasAsked?: true;
  /** Of the operator's page alone. */
  practiceName?: string;
  integratorName?: string;
}

/** `GET ''` of a practice */
export interface PracticeRetention {
  rules: RetentionRuleView[];
  swept: OtherRecords[];
  kept: OtherRecords[];
  holds: HoldView[];
  /** Newest first, so many at most. */
  register: DestructionView[];
  left: LeftPerson[];
}
export const MOST_REGISTER_SHOWN = 100;

/** Somebody without a role any more whose name is still there. */
export interface LeftPerson {
  personId: string;
  name: string;
  leftAt: string;
  /** From then on the name is gone. */
  erasedAfter?: string;
  /** A hold reaches the name: it stays, whatever was asked for. */
  isHeld?: true;
}

/** `GET ''` of the operator */
export interface OperatorRetention extends Omit<PracticeRetention, 'left'> {
  /** Those that are carried out first before the others, so many at most. */
  plans: TenantPlan[];
  plansTotal: number;
}
export interface TenantPlan extends PlannedDestruction {
  planId: string;
  kind: RetentionKind;
  practiceId?: string;
  practiceName?: string;
  integratorId?: string;
  integratorName?: string;
}

/** `PUT /periods`: action `{type: 'retention.change', practiceId, kind, days}` */
export interface ChangePeriodRequest {
  kind: RetentionKind;
  days: number;
  stepUp: StepUp;
}

/** `POST /undo`: what is planned stays. Of the operator with a tenant; of a practice it is its own. */
export interface UndoDestructionRequest {
  kind: RetentionKind;
  practiceId?: string;
  integratorId?: string;
}
export interface UndoneDestruction {
  /** Plans that will not be carried out. */
  undone: number;
  /** What they had destroyed before: that is gone. */
  gone: number;
}

/** What is held: of a practice, or, for the operator, of any tenant. What is absent binds nothing. */
export interface HoldTerms {
  practiceId?: string;
  integratorId?: string;
  siteId?: string;
  kind?: RetentionKind;
  /** By the moment from which a record's days are counted. */
  from?: string;
  to?: string;
  /** Own words, without anybody's facts. */
  reason: string;
}
/** `POST /holds`: action `{type: 'hold.place', …the terms}`, of a practice with its own practiceId. */
export interface PlaceHoldRequest extends HoldTerms {
  stepUp: StepUp;
}
export interface PlacedHold {
  holdId: string;
  /** Was planned to go and stays. */
  stops: { kind: RetentionKind; records: number; executeAfter: string }[];
  /** Went before, as the register says: no hold brings it back. */
  gone: DestructionView[];
}

// `POST /holds/:holdId/lift` has a `stepUp` alone: action `{type: 'hold.lift', practiceId?, holdId}`.

/** `POST /people/:personId/erase`: a `stepUp` alone, action `{type: 'name.erase', practiceId, subjectId}` */
export interface AskedErasure {
  erasedAfter: string;
}
