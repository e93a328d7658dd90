/** The form of `consent.json`: who withdrew from what, and where statements name their patients. */
import {
  firstWrongField,
  instant,
  list,
  matches,
  object,
  oneOf,
  type Shape,
} from '#libs/grants/field-checks.js';
import { normaliseProcedureName } from '#libs/grants/procedure-name.js';
import { normalisePatient } from '#apps/agent/src/consent/patient-id.js';

export const maxWithdrawals = 20_000;
export const maxPlaces = 5_000;
const MAX_NAMES = 20;

/** One patient of one site, and one integrator; without one, all of them. */
export interface Withdrawal {
  siteId: string;
  /** As normalisePatient spells it. */
  patient: string;
  integratorId?: string;
  /** ISO 8601 UTC. */
  since: string;
}

/** Where one statement or procedure names its patients: the part of a pack that consent needs. */
export interface PatientPlaces {
  /** `statement:<sha256>` or `procedure:<schema.name>`. */
  command: string;
  /** Lower case, without `@`. */
  parameters: string[];
  /** Columns of its result sets, lower case. */
  columns: string[];
}

/** What is done with statements that name no place: run and say so, or refused. */
export const undeclaredRules = ['run', 'refuse'] as const;
export type UndeclaredRule = (typeof undeclaredRules)[number];

/** An act that was done while no agent ran: the next one writes it into its journal. */
export interface OwedNote {
  type: 'consent.withdrawn' | 'consent.restored' | 'consent.declared';
  siteId?: string;
  integratorId?: string;
}

export interface ConsentState {
  undeclared: UndeclaredRule;
  withdrawn: Withdrawal[];
  places: PatientPlaces[];
  owed: OwedNote[];
}

export const nothingWithdrawn: ConsentState = {
  undeclared: 'run',
  withdrawn: [],
  places: [],
  owed: [],
};

const id = matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
export const isSiteId = matches(/^[a-z0-9][a-z0-9_-]{0,63}$/);
export const isIntegratorId = id;

const name = matches(/^[^\p{C}@\s][^\p{C}]{0,127}$/u);
const names = list(name, 0, MAX_NAMES);

export const placesShape: Shape = {
  required: {
    command: (value) => typeof value === 'string' && commandKey(value) === value,
    parameters: names,
    columns: names,
  },
};

const fileShape: Shape = {
  required: {
    version: oneOf([1]),
    undeclared: oneOf(undeclaredRules),
    withdrawn: list(
      object({
        required: {
          siteId: isSiteId,
          patient: (value) => typeof value === 'string' && normalisePatient(value) === value,
          since: instant,
        },
        optional: { integratorId: id },
      }),
      0,
      maxWithdrawals,
    ),
    places: list(object(placesShape), 0, maxPlaces),
    owed: (value) =>
      Array.isArray(value) &&
      value.every(
        object({
          required: { type: oneOf(['consent.withdrawn', 'consent.restored', 'consent.declared']) },
          optional: { siteId: isSiteId, integratorId: id },
        }),
      ),
  },
};

/** `statement:…` and `procedure:…` in the spelling that is compared; undefined for anything else. */
export function commandKey(text: string): string | undefined {
  const [kind, rest = ''] = text.trim().split(/:(.*)/s);
  if (kind === 'statement')
    return /^[0-9a-f]{64}$/.test(rest.toLowerCase())
      ? `statement:${rest.toLowerCase()}`
      : undefined;
  if (kind !== 'procedure') return undefined;
  const procedure = normaliseProcedureName(rest);
  return procedure === undefined ? undefined : `procedure:${procedure}`;
}

export const writeConsent = (state: ConsentState): string =>
  `${JSON.stringify({ version: 1, ...state }, undefined, 2)}\n`;

/** @returns undefined when the text is not such a file, whole and right */
export function readConsent(text: string): ConsentState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (firstWrongField(value, fileShape) !== undefined) return undefined;
    const { version: _, ...state } = value as ConsentState & { version: number };
    return state;
  } catch {
    return undefined;
  }
}
