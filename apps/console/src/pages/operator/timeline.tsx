/** What became of an agent, the latest first. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { AgentEvent } from '#libs/console-api/operator.js';
import { readEvents } from '#apps/console/src/api/operator.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { eventWords, stateTones, stateWords, wordOfCause, wordOfDecision } from './agent-words.js';

export function Timeline({ agentId }: { agentId: string }) {
  const pages = useInfiniteQuery({
    queryKey: ['operator', 'agent', agentId, 'events'],
    queryFn: ({ pageParam }) => readEvents(agentId, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  if (pages.isPending) return <Loading />;
  if (pages.isError) return <ProblemNotice error={pages.error} />;
  const events = pages.data.pages.flatMap((page) => page.events);
  if (events.length === 0) {
    return <Empty title="Nothing has happened yet">Its first connection will be here.</Empty>;
  }
  return (
    <div className="stack">
      <ol className="timeline">
        {events.map((event) => (
          <li key={event.eventId}>
            <span className="quiet">
              <DateTime value={event.at} precision="second" />
            </span>
            <EventWords event={event} />
          </li>
        ))}
      </ol>
      {pages.hasNextPage && (
        <div>
          <Button isPending={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
            Show earlier
          </Button>
        </div>
      )}
    </div>
  );
}

function EventWords({ event: { kind, state, cause, by } }: { event: AgentEvent }) {
  if (kind === 'state' && state) {
    return (
      <span className="cluster">
        <Badge tone={stateTones[state]}>{stateWords[state]}</Badge>
        {cause !== undefined && wordOfCause(cause)}
      </span>
    );
  }
  const isAct = kind === 'revoked' || kind === 'released' || kind.endsWith('log-alarm');
  const more = cause === undefined ? '' : isAct ? wordOfDecision(cause) : causeOf(kind, cause);
  return (
    <span>
      {eventWords[kind]}
      {by !== undefined && ` by ${by}`}
      {more !== '' && `: ${more}`}
    </span>
  );
}

const causeOf = (kind: AgentEvent['kind'], cause: string): string =>
  kind === 'version' ? cause : cause === 'silent' ? 'the link was cut' : wordOfCause(cause);
