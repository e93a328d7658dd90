/** One incident, a part at a time: what each part is called, where it is, and the way between them. */
import type { ComponentType, ReactNode } from 'react';
import { useParams } from 'react-router';
import type { IncidentPlace } from '#apps/console/src/api/incidents.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { ZoneContext } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import type { PageProps } from '#apps/console/src/ui/page.js';
import { DecisionPart } from './decision-part.js';
import { EvidencePart } from './evidence-part.js';
import { ExportIncidentButton } from './export-incident.js';
import { FreezePart } from './freeze-part.js';
import './incidents.css';
import { LettersPart } from './letters-part.js';
import { OverviewPart } from './overview-part.js';
import { StatementPart } from './statement-part.js';
import { useIncident, usePart, type IncidentPartProps } from './use-incident.js';

interface Part {
  title: string;
  lead: string;
  Content: ComponentType<IncidentPartProps>;
}

/** By the last word of the address. */
const parts: Readonly<Record<string, Part>> = {
  freeze: {
    title: 'Freeze',
    lead: 'Stop what may go on doing harm. What is frozen is not lost, and it can be ended.',
    Content: FreezePart,
  },
  evidence: {
    title: 'Evidence',
    lead: 'What the records of both logs say about that time: how much, by whom, and what of it is proven.',
    Content: EvidencePart,
  },
  decision: {
    title: 'Decision',
    lead: 'Whether it has to be notified, and why. A decision is never changed; a later one takes its place.',
    Content: DecisionPart,
  },
  statement: {
    title: 'Statement',
    lead: 'The four things that the law asks to be said, to the regulator and to the people concerned.',
    Content: StatementPart,
  },
  letters: {
    title: 'Letters',
    lead: 'Who has to be told, a letter for each, and when they were. Conduit sends none itself.',
    Content: LettersPart,
  },
};

export interface IncidentPageProps {
  place: IncidentPlace;
  Frame: ComponentType<PageProps>;
}

export function IncidentPage({ place, Frame }: IncidentPageProps) {
  const { incidentId = '', part = '' } = useParams();
  const incident = useIncident(place, incidentId);
  const shared = usePart(place, incidentId);
  const { data } = incident;
  const chosen = parts[part];
  const shown = (children: ReactNode) => (
    <ZoneContext value={data?.timeZone ?? 'UTC'}>{children}</ZoneContext>
  );
  const body = (
    <Asked query={incident}>
      {(found) => {
        if (part !== '' && !chosen) return <NoSuchPart path={`${place.path}/${incidentId}`} />;
        const Content = chosen?.Content ?? OverviewPart;
        return shown(
          <>
            <Notices drill={found.drill} mayChange={found.mayChange} />
            <Content place={place} incident={found} {...shared} />
          </>,
        );
      }}
    </Asked>
  );
  return (
    <Frame
      title={chosen ? chosen.title : (data?.title ?? 'Incident')}
      lead={chosen?.lead}
      actions={
        chosen ? (
          <ButtonLink to={`${place.path}/${incidentId}`}>The incident</ButtonLink>
        ) : (
          data?.mayChange && <ExportIncidentButton incident={data} calls={shared.calls} />
        )
      }
    >
      {chosen && data && <p className="quiet">{data.title}</p>}
      {body}
    </Frame>
  );
}

function Notices({ drill, mayChange }: { drill: boolean; mayChange: boolean }) {
  return (
    <>
      {drill && (
        <Notice tone="warning" title="This is a drill">
          All of it is made up. Nothing real is frozen, and nobody is told.
        </Notice>
      )}
      {!mayChange && (
        <Notice title="You read this one">
          Conduit’s security officers lead it. You see what concerns your practice, and they see
          what you do in an incident of your own.
        </Notice>
      )}
    </>
  );
}

function NoSuchPart({ path }: { path: string }) {
  return (
    <Empty
      title="There is no such part"
      action={<ButtonLink to={path}>Go to the incident</ButtonLink>}
    />
  );
}
