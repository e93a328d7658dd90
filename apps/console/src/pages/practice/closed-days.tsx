/** Days on which the practice is closed, public holidays above all, so that nobody misses its server then. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { MAX_CLOSED_DAYS, type PracticeOverview } from '#libs/console-api/practice.js';
import { dateThere } from '#libs/kernel/local-day.js';
import { changeProfile } from '#apps/console/src/api/practice.js';
import { Button } from '#apps/console/src/ui/button.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

const DAY = /^\d{4}-\d\d-\d\d$/;

export function ClosedDays({ overview }: { overview: PracticeOverview }) {
  const { practiceId, timeZone, closedDays } = overview;
  const queries = useQueryClient();
  const [day, setDay] = useState('');
  const save = useMutation({
    mutationFn: (days: string[]) => changeProfile(practiceId, { timeZone, closedDays: days }),
    onSuccess: async () => {
      setDay('');
      await queries.invalidateQueries({ queryKey: ['practice', practiceId] });
    },
  });
  const [openedAt] = useState(() => Date.now());
  const today = dateThere(openedAt, timeZone);
  // Days that are over go with the next change.
  const coming = closedDays.filter((one) => one >= today);
  const mayAdd = DAY.test(day) && !coming.includes(day) && coming.length < MAX_CLOSED_DAYS;
  return (
    <Section title="Closed days">
      <p>
        Public holidays and other days on which the practice is closed. When the server is off on
        one of them, Conduit’s staff know that it is no outage.
      </p>
      <div className="cluster cluster--fields">
        <TextField label="Closed on" type="date" value={day} onChange={setDay} />
        <Button
          isDisabled={!mayAdd}
          isPending={save.isPending}
          onPress={() => save.mutate([...coming, day])}
        >
          Add
        </Button>
      </div>
      {save.isError && <ProblemNotice error={save.error} />}
      {coming.length === 0 ? (
        <p className="quiet">None yet: every day of the week counts.</p>
      ) : (
        <ul className="panels">
          {coming.map((one) => (
            <li key={one} className="panel__head">
              <span>{dayWords(one)}</span>
              <Button
                look="quiet"
                aria-label={`Remove ${dayWords(one)}`}
                onPress={() =>
                  save.mutate(
                    coming.filter((other) => other !== one),
                    {
                      onSuccess: () =>
                        toast(`${dayWords(one)} was removed`, () => save.mutate(coming)),
                    },
                  )
                }
              >
                Remove
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

const dayWords = (day: string): string =>
  new Intl.DateTimeFormat('en-AU', { dateStyle: 'full', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  );
