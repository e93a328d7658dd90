/** What the pages of an integrator share: whose they are, and what the person may do there. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { readHome, readKeys, readSites } from '#apps/console/src/api/integrator.js';
import { useSignedIn } from '#apps/console/src/session/session-context.js';
import './integrator.css';

export function useIntegratorId(): string {
  const { integratorId = '' } = useParams();
  return integratorId;
}

/** Administrators change what others rely on; developers see it. */
export function useIsAdmin(): boolean {
  const integratorId = useIntegratorId();
  return useSignedIn().roles.some(
    (held) => held.integratorId === integratorId && held.role === 'integrator-admin',
  );
}

export function useHome() {
  const integratorId = useIntegratorId();
  return useQuery({
    queryKey: ['integrator', integratorId, 'home'],
    queryFn: () => readHome(integratorId),
  });
}

export function useSites(refetchInterval: number | false = false) {
  const integratorId = useIntegratorId();
  return useQuery({
    queryKey: ['integrator', integratorId, 'sites'],
    queryFn: () => readSites(integratorId),
    refetchInterval,
  });
}

export function useKeys() {
  const integratorId = useIntegratorId();
  return useQuery({
    queryKey: ['integrator', integratorId, 'keys'],
    queryFn: () => readKeys(integratorId),
  });
}
