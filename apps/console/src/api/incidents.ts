/** Calls about incidents: the operator's, or a practice's own. */
import type {
  BreachStatement,
  ChangeScopeRequest,
  DecideRequest,
  EvidencePack,
  FreezeKind,
  FreezePreview,
  FreezeRequest,
  Incident,
  Incidents,
  MyHealthRecordAnswer,
  OpenedIncident,
  OpenIncidentRequest,
  SentLetterRequest,
  ThawAnswer,
  WriteLetterRequest,
} from '#libs/console-api/incidents.js';
import type { StepUp } from '#libs/console-api/session.js';
import { request, requestFile, type AnsweredFile, type Method } from './request.js';

/** Whose incidents. */
export interface IncidentPlace {
  /** Below `/console/api`. */
  api: string;
  /** Of the pages. */
  path: string;
  /** Absent: the operator's. */
  practiceId?: string;
}

const id = encodeURIComponent;
export const operatorIncidents: IncidentPlace = {
  api: '/operator/incidents',
  path: '/operator/incidents',
};
export const practiceIncidents = (practiceId: string): IncidentPlace => ({
  api: `/practices/${id(practiceId)}/incidents`,
  path: `/practices/${id(practiceId)}/incidents`,
  practiceId,
});

export const readIncidents = ({ api }: IncidentPlace) => request<Incidents>('GET', api);
export const openIncident = ({ api }: IncidentPlace, wanted: OpenIncidentRequest) =>
  request<OpenedIncident>('POST', api, wanted);
export const startDrill = ({ api }: IncidentPlace, seed: number) =>
  request<OpenedIncident>('POST', `${api}/drills`, { seed });

/** One incident's calls. */
export function incidentCalls({ api }: IncidentPlace, incidentId: string) {
  const at = <T>(method: Method, path: string, body?: object) =>
    request<T>(method, `${api}/${id(incidentId)}${path}`, body);
  return {
    read: () => at<Incident>('GET', ''),
    changeScope: (wanted: ChangeScopeRequest) => at<void>('PUT', '/scope', wanted),
    note: (text: string) => at<void>('POST', '/notes', { text }),
    answerMyHealthRecord: (answer: MyHealthRecordAnswer) =>
      at<void>('PUT', '/my-health-record', { answer }),
    previewFreeze: (kind: FreezeKind, targetId: string) =>
      at<FreezePreview>('GET', `/freeze-preview?kind=${kind}&targetId=${id(targetId)}`),
    freeze: (wanted: FreezeRequest) => at<{ freezeId: string }>('POST', '/freezes', wanted),
    thaw: (freezeId: string, stepUp: StepUp) =>
      at<ThawAnswer>('POST', `/freezes/${id(freezeId)}/thaw`, { stepUp }),
    gatherPack: () => at<{ packId: string }>('POST', '/packs', {}),
    readPack: (packId: string) => at<EvidencePack>('GET', `/packs/${id(packId)}`),
    decide: (wanted: DecideRequest) => at<void>('POST', '/decisions', wanted),
    /** @param parts absent: a draft is made of what is known */
    writeStatement: (parts?: BreachStatement['parts']) =>
      at<{ version: number }>('POST', '/statements', parts ? { parts } : {}),
    draftLetters: () => at<{ drafted: number }>('POST', '/letters', {}),
    writeLetter: (letterId: string, wanted: WriteLetterRequest) =>
      at<void>('PUT', `/letters/${id(letterId)}`, wanted),
    letterSent: (letterId: string, wanted: SentLetterRequest) =>
      at<void>('POST', `/letters/${id(letterId)}/sent`, wanted),
    notified: (stepUp: StepUp) => at<void>('POST', '/notified', { stepUp }),
    close: (stepUp: StepUp) => at<void>('POST', '/close', { stepUp }),
    export: (format: IncidentFormat, stepUp: StepUp): Promise<AnsweredFile> =>
      requestFile('POST', `${api}/${id(incidentId)}/export/${format}`, { stepUp }),
  };
}
export type IncidentCalls = ReturnType<typeof incidentCalls>;
export type IncidentFormat = 'json' | 'pdf';
