/** Calls about one practice. */
import type {
  AccessRequest,
  AccessRequestSummary,
  Approvers,
  ChangeProfileRequest,
  DeclineReason,
  DraftChangeRequest,
  DraftedPermission,
  InstallCode,
  LogBundle,
  MadePairingCode,
  OrderInstallCodeRequest,
  Permission,
  PermissionChoices,
  PermissionSummary,
  PracticeOverview,
  ProposePermissionRequest,
  Service,
  SetUpdateWindowRequest,
  Today,
  UpdateWindows,
  WaitingPairingCode,
} from '#libs/console-api/practice.js';
import type { Reconciliations } from '#libs/console-api/reconciliation.js';
import { request } from './request.js';

const id = encodeURIComponent;
const at = (practiceId: string, path = ''): string => `/practices/${id(practiceId)}${path}`;

export const readOverview = (practiceId: string) =>
  request<PracticeOverview>('GET', at(practiceId));
export const changeProfile = (practiceId: string, wanted: ChangeProfileRequest) =>
  request<void>('PATCH', at(practiceId), wanted);
export const readToday = (practiceId: string) => request<Today>('GET', at(practiceId, '/today'));

export const makePairingCode = (practiceId: string, siteId: string) =>
  request<MadePairingCode>('POST', at(practiceId, `/sites/${id(siteId)}/pairing-codes`), {});
export const readPairingCodes = (practiceId: string, siteId: string) =>
  request<WaitingPairingCode[]>('GET', at(practiceId, `/sites/${id(siteId)}/pairing-codes`));

export const readRequests = (practiceId: string) =>
  request<AccessRequestSummary[]>('GET', at(practiceId, '/access-requests'));
export const readRequest = (practiceId: string, requestId: string) =>
  request<AccessRequest>('GET', at(practiceId, `/access-requests/${id(requestId)}`));
export const declineRequest = (practiceId: string, requestId: string, reason: DeclineReason) =>
  request<void>('POST', at(practiceId, `/access-requests/${id(requestId)}/decline`), { reason });
export const draftApproval = (practiceId: string, requestId: string, choices: PermissionChoices) =>
  request<DraftedPermission>(
    'POST',
    at(practiceId, `/access-requests/${id(requestId)}/draft`),
    choices,
  );

export const readPermissions = (practiceId: string) =>
  request<PermissionSummary[]>('GET', at(practiceId, '/grants'));
export const readPermission = (practiceId: string, grantId: string) =>
  request<Permission>('GET', at(practiceId, `/grants/${id(grantId)}`));
export const draftChange = (practiceId: string, grantId: string, wanted: DraftChangeRequest) =>
  request<DraftedPermission>('POST', at(practiceId, `/grants/${id(grantId)}/draft`), wanted);
export const proposePermission = (practiceId: string, signed: ProposePermissionRequest) =>
  request<Permission>('POST', at(practiceId, '/grants'), signed);

/** @param integratorId absent: all of them */
export const pauseAccess = (practiceId: string, integratorId?: string) =>
  request<void>('POST', at(practiceId, '/pauses'), { ...(integratorId && { integratorId }) });
export const resumeAccess = (practiceId: string, integratorId?: string) =>
  request<void>('POST', at(practiceId, '/pauses/resume'), {
    ...(integratorId && { integratorId }),
  });

export const readApprovers = (practiceId: string) =>
  request<Approvers>('GET', at(practiceId, '/approvers'));

export const readReconciliations = (practiceId: string) =>
  request<Reconciliations>('GET', at(practiceId, '/reconciliations'));
export const compareRecords = (practiceId: string) =>
  request<void>('POST', at(practiceId, '/reconciliations'), {});

export const readService = (practiceId: string) =>
  request<Service>('GET', at(practiceId, '/service'));
export const checkServer = (practiceId: string, agentId: string) =>
  request<void>('POST', at(practiceId, `/service/agents/${id(agentId)}/checks`), {});
export const readUpdateWindows = (practiceId: string) =>
  request<UpdateWindows>('GET', at(practiceId, '/service/update-windows'));
export const setUpdateWindow = (
  practiceId: string,
  agentId: string,
  wanted: SetUpdateWindowRequest,
) => request<void>('PUT', at(practiceId, `/service/agents/${id(agentId)}/update-window`), wanted);
export const readLogBundle = (practiceId: string) =>
  request<LogBundle>('GET', at(practiceId, '/service/log-bundle'));
export const orderInstallCode = (practiceId: string, wanted: OrderInstallCodeRequest) =>
  request<InstallCode>('POST', at(practiceId, '/service/install-codes'), wanted);
