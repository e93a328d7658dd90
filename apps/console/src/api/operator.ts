/** Calls of the operator's staff: the fleet, alerts, acts of two people, bringing in newcomers. */
import type {
  ActReach,
  ActRequests,
  AgentDetail,
  AgentEvents,
  AlertRule,
  Alerts,
  AskActRequest,
  ChangeAlertRuleRequest,
  FleetFilter,
  FleetPage,
  IntegratorPage,
  OpeningHours,
  OrderedEnrolmentCode,
  OrderEnrolmentCodeRequest,
  PracticeFile,
  PracticePage,
  RegisterIntegratorRequest,
  SavedView,
  SaveViewRequest,
} from '#libs/console-api/operator.js';
import type {
  LogAlarms,
  Reconciliations,
  SettleLogAlarmRequest,
} from '#libs/console-api/reconciliation.js';
import type {
  CreatedInvitation,
  CreateInvitationRequest,
  StepUp,
} from '#libs/console-api/session.js';
import { request } from './request.js';

const id = encodeURIComponent;

/** Without what is empty. */
function query(parts: Record<string, string | undefined>): string {
  const given = Object.entries(parts).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given as [string, string][]).toString();
  return text === '' ? '' : `?${text}`;
}

export const readFleet = ({ states, ...filter }: FleetFilter, page: number) =>
  request<FleetPage>(
    'GET',
    `/operator/agents${query({ ...filter, states: states?.join(','), page: String(page) })}`,
  );
export const readAgent = (agentId: string) =>
  request<AgentDetail>('GET', `/operator/agents/${id(agentId)}`);
export const readEvents = (agentId: string, before?: string) =>
  request<AgentEvents>('GET', `/operator/agents/${id(agentId)}/events${query({ before })}`);
export const readReach = (agentId: string) =>
  request<ActReach>('GET', `/operator/agents/${id(agentId)}/reach`);
export const quarantine = (agentId: string, stepUp: StepUp) =>
  request<void>('POST', `/operator/agents/${id(agentId)}/quarantine`, { stepUp });
export const askAct = (agentId: string, order: AskActRequest) =>
  request<{ requestId: string }>('POST', `/operator/agents/${id(agentId)}/requests`, order);
export const askDiagnosis = (agentId: string) =>
  request<{ diagnosisId: string }>('POST', `/operator/agents/${id(agentId)}/diagnoses`);

export const readLogAlarms = (agentId: string) =>
  request<LogAlarms>('GET', `/operator/agents/${id(agentId)}/log-alarms`);
export const settleLogAlarm = (agentId: string, order: SettleLogAlarmRequest) =>
  request<void>('POST', `/operator/agents/${id(agentId)}/log-alarms/settle`, order);

export const readAgentReconciliations = (agentId: string) =>
  request<Reconciliations>('GET', `/operator/agents/${id(agentId)}/reconciliations`);
export const compareAgentRecords = (agentId: string) =>
  request<void>('POST', `/operator/agents/${id(agentId)}/reconciliations`, {});

export const readRequests = () => request<ActRequests>('GET', '/operator/requests');
export const approveRequest = (requestId: string, stepUp: StepUp) =>
  request<void>('POST', `/operator/requests/${id(requestId)}/approve`, { stepUp });
export const declineRequest = (requestId: string) =>
  request<void>('POST', `/operator/requests/${id(requestId)}/decline`);

export const readViews = () => request<SavedView[]>('GET', '/operator/views');
export const saveView = (view: SaveViewRequest) =>
  request<SavedView>('POST', '/operator/views', view);
export const removeView = (viewId: string) =>
  request<void>('DELETE', `/operator/views/${id(viewId)}`);

export const readAlerts = () => request<Alerts>('GET', '/operator/alerts');
export const readRules = () => request<AlertRule[]>('GET', '/operator/alert-rules');
export const changeRule = (ruleId: string, order: ChangeAlertRuleRequest) =>
  request<AlertRule>('PUT', `/operator/alert-rules/${id(ruleId)}`, order);
export const setHours = (siteId: string, hours: OpeningHours) =>
  request<void>('PUT', `/operator/sites/${id(siteId)}/hours`, hours);

export const readPractices = (search: string, page: number) =>
  request<PracticePage>('GET', `/operator/practices${query({ search, page: String(page) })}`);
export const readPractice = (practiceId: string) =>
  request<PracticeFile>('GET', `/operator/practices/${id(practiceId)}`);
export const createPractice = (name: string) =>
  request<{ practiceId: string }>('POST', '/operator/practices', { name });
export const orderCode = (practiceId: string, order: OrderEnrolmentCodeRequest) =>
  request<OrderedEnrolmentCode>(
    'POST',
    `/operator/practices/${id(practiceId)}/enrolment-codes`,
    order,
  );
export const inviteOwner = (practiceId: string, order: CreateInvitationRequest) =>
  request<CreatedInvitation>('POST', `/operator/practices/${id(practiceId)}/first-owner`, order);

export const readIntegrators = (search: string, page: number) =>
  request<IntegratorPage>('GET', `/operator/integrators${query({ search, page: String(page) })}`);
export const registerIntegrator = (order: RegisterIntegratorRequest) =>
  request<{ integratorId: string }>('POST', '/operator/integrators', order);
export const inviteAdmin = (integratorId: string, order: CreateInvitationRequest) =>
  request<CreatedInvitation>(
    'POST',
    `/operator/integrators/${id(integratorId)}/first-admin`,
    order,
  );

/** The stream of what changes; whoever opens it closes it. */
export const openLive = () => new EventSource('/console/api/operator/live');
