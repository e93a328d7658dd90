/** When the practice lets its server be updated, outside opening hours as a rule. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ServiceAgent, SetUpdateWindowRequest } from '#libs/console-api/practice.js';
import { readUpdateWindows, setUpdateWindow } from '#apps/console/src/api/practice.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Checkbox, CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { Section } from '#apps/console/src/ui/page.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';

type Window = NonNullable<SetUpdateWindowRequest['window']>;

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'].map(
  (label, index) => ({ value: String(index + 1), label }),
);
const usual: Window = { days: [2, 4], from: '20:00', to: '23:00' };

type Server = Pick<ServiceAgent, 'agentId' | 'sites' | 'updateWindow'>;

/** Of every server of the practice, for those who decide about it and don't look after it. */
export function UpdateWindows({ practiceId }: { practiceId: string }) {
  const windows = useQuery({
    queryKey: ['practice', practiceId, 'service', 'update-windows'],
    queryFn: () => readUpdateWindows(practiceId),
  });
  return (
    <Section
      title="Updates of your server"
      lead="When Conduit may be updated there. Whoever looks after the server keeps to it."
    >
      <Asked query={windows}>
        {({ servers }) =>
          servers.length === 0 ? (
            <p className="quiet">No server is set up yet.</p>
          ) : (
            <Facts
              facts={servers.map((agent) => ({
                label: placesOf(agent),
                value: <UpdateWindow practiceId={practiceId} agent={agent} />,
              }))}
            />
          )
        }
      </Asked>
    </Section>
  );
}

const placesOf = ({ sites, agentId }: Server): string =>
  sites.map(({ name }) => name).join(', ') || `Server ${agentId.slice(0, 8)}`;

export function UpdateWindow({ practiceId, agent }: { practiceId: string; agent: Server }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="cluster">
      <span>{agent.updateWindow?.words ?? 'At any time'}</span>
      <Button
        look="quiet"
        aria-label={`Change update window of ${placesOf(agent)}`}
        onPress={() => setOpen(true)}
      >
        Change update window
      </Button>
      {isOpen && (
        <UpdateWindowDialog practiceId={practiceId} agent={agent} onClose={() => setOpen(false)} />
      )}
    </div>
  );
}

function UpdateWindowDialog(props: { practiceId: string; agent: Server; onClose: () => void }) {
  const { practiceId, agent, onClose } = props;
  const queries = useQueryClient();
  const [window, setWindow] = useState<Window | undefined>(agent.updateWindow);
  const saved = () => {
    toast('Update window saved');
    void queries.invalidateQueries({ queryKey: ['practice', practiceId, 'service'] });
    onClose();
  };
  const change = (part: Partial<Window>) => setWindow({ ...(window ?? usual), ...part });
  return (
    <FormDialog
      title="When may this server be updated?"
      deed="Save"
      isDisabled={window !== undefined && !(window.days.length > 0 && window.from && window.to)}
      act={() =>
        setUpdateWindow(practiceId, agent.agentId, {
          ...(window && { window: { days: window.days, from: window.from, to: window.to } }),
        })
      }
      onDone={saved}
      onClose={onClose}
    >
      <p>
        Conduit doesn’t update itself. Whoever does it sees these hours here and asks the server for
        them (<code>conduit-agent update-window</code>). They go by the clock of the site.
      </p>
      <Checkbox
        label="At any time"
        isSelected={window === undefined}
        onChange={(isAny) => setWindow(isAny ? undefined : usual)}
      />
      {window && (
        <>
          <CheckboxGroup
            label="Days"
            choices={days}
            value={window.days.map(String)}
            onChange={(chosen) => change({ days: chosen.map(Number).sort() })}
          />
          <div className="fields">
            <TextField
              label="From"
              type="time"
              value={window.from}
              onChange={(from) => change({ from })}
            />
            <TextField
              label="Until"
              hint="Before the start: the next morning."
              type="time"
              value={window.to}
              onChange={(to) => change({ to })}
            />
          </div>
        </>
      )}
    </FormDialog>
  );
}
