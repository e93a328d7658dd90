/** One incident, for all of its pages: read once, asked for again after each act. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Incident } from '#libs/console-api/incidents.js';
import {
  incidentCalls,
  type IncidentCalls,
  type IncidentPlace,
} from '#apps/console/src/api/incidents.js';

export function useIncident(place: IncidentPlace, incidentId: string) {
  return useQuery({
    queryKey: ['incidents', place.api, incidentId],
    queryFn: () => incidentCalls(place, incidentId).read(),
  });
}

/** What each part of the workbench is given. */
export interface IncidentPartProps {
  place: IncidentPlace;
  incident: Incident;
  calls: IncidentCalls;
  /** Something was done: look at all of it again. */
  onChanged: () => Promise<void>;
}

export function usePart(place: IncidentPlace, incidentId: string) {
  const queries = useQueryClient();
  return {
    calls: incidentCalls(place, incidentId),
    onChanged: () => queries.invalidateQueries({ queryKey: ['incidents', place.api] }),
  };
}

/** What an id stands for, as far as the reader may know it. */
export const nameIn = ({ names }: Pick<Incident, 'names'>, id: string): string => names[id] ?? id;
