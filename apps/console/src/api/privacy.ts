/** Calls about a practice's privacy requests. */
import type {
  EndPrivacyRequest,
  IdentityFinding,
  PrivacyRequest,
  PrivacyRequests,
  RegisteredPrivacyRequest,
  RegisterPrivacyRequest,
  RoutedPrivacyRequest,
} from '#libs/console-api/privacy.js';
import { request } from './request.js';

const id = encodeURIComponent;
const at = (practiceId: string, path = ''): string =>
  `/practices/${id(practiceId)}/privacy-requests${path}`;

export const readPrivacyRequests = (practiceId: string) =>
  request<PrivacyRequests>('GET', at(practiceId));
export const registerPrivacyRequest = (practiceId: string, wanted: RegisterPrivacyRequest) =>
  request<RegisteredPrivacyRequest>('POST', at(practiceId), wanted);
export const readPrivacyRequest = (practiceId: string, requestId: string) =>
  request<PrivacyRequest>('GET', at(practiceId, `/${id(requestId)}`));
export const noteIdentity = (practiceId: string, requestId: string, finding: IdentityFinding) =>
  request<void>('POST', at(practiceId, `/${id(requestId)}/identity`), { finding });
/** @param integratorId absent: the practice answers it */
export const routePrivacyRequest = (practiceId: string, requestId: string, integratorId?: string) =>
  request<RoutedPrivacyRequest>('POST', at(practiceId, `/${id(requestId)}/route`), {
    ...(integratorId && { integratorId }),
  });
export const addPrivacyNote = (practiceId: string, requestId: string, text: string) =>
  request<void>('POST', at(practiceId, `/${id(requestId)}/notes`), { text });
export const endPrivacyRequest = (
  practiceId: string,
  requestId: string,
  wanted: EndPrivacyRequest,
) => request<void>('POST', at(practiceId, `/${id(requestId)}/end`), wanted);
export const reopenPrivacyRequest = (practiceId: string, requestId: string) =>
  request<void>('POST', at(practiceId, `/${id(requestId)}/reopen`), {});
