import type {
  ActivityFilter,
  ActivityPage,
  ExportActivityRequest,
} from '#libs/console-api/activity.js';
import { request, requestFile, type AnsweredFile } from './request.js';

/** Whose activity: where it is asked for, and how an export names it. */
export interface ActivityPlace {
  /** Below `/console/api`. */
  path: string;
  /** Fields of the action that a passkey confirms. */
  named: { practiceId?: string; integratorId?: string };
}

const id = encodeURIComponent;
export const practicePlace = (practiceId: string): ActivityPlace => ({
  path: `/practices/${id(practiceId)}/activity`,
  named: { practiceId },
});
export const integratorPlace = (integratorId: string): ActivityPlace => ({
  path: `/integrators/${id(integratorId)}/activity`,
  named: { integratorId },
});
export const operatorPlace: ActivityPlace = { path: '/operator/activity', named: {} };

export function readActivity(
  place: ActivityPlace,
  filter: ActivityFilter,
  before?: string,
): Promise<ActivityPage> {
  const given = Object.entries({ ...filter, before }).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given as [string, string][]);
  return request('GET', `${place.path}?${search}`);
}

export const exportActivity = (
  place: ActivityPlace,
  wanted: ExportActivityRequest,
): Promise<AnsweredFile> => requestFile('POST', `${place.path}/export`, wanted);
