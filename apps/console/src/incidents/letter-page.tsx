/** One letter: written here, sent by people, and noted when and how. */
import { useMutation } from '@tanstack/react-query';
import { useState, type ComponentType } from 'react';
import { useParams } from 'react-router';
import { dateThere } from '#libs/kernel/local-day.js';
import {
  MOST_LETTER_CHARACTERS,
  sentWays,
  type Letter,
  type SentWay,
} from '#libs/console-api/incidents.js';
import { sentWords } from '#libs/console-api/incident-words.js';
import type { IncidentPlace } from '#apps/console/src/api/incidents.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { CopyButton } from '#apps/console/src/ui/copy-button.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import type { PageProps } from '#apps/console/src/ui/page.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { LetterState, whoWords } from './letters-part.js';
import { gapsIn, gapWords } from './statement-part.js';
import { useIncident, usePart, type IncidentPartProps } from './use-incident.js';

const MOST_SUBJECT_CHARACTERS = 200;

export interface LetterPageProps {
  place: IncidentPlace;
  Frame: ComponentType<PageProps>;
}

export function LetterPage({ place, Frame }: LetterPageProps) {
  const { incidentId = '', letterId = '' } = useParams();
  const incident = useIncident(place, incidentId);
  const shared = usePart(place, incidentId);
  const letter = incident.data?.letters.find((one) => one.letterId === letterId);
  const back = `${place.path}/${incidentId}/letters`;
  return (
    <Frame
      title={letter ? `Letter to ${letter.recipientName}` : 'Letter'}
      lead={letter && whoWords(letter)}
      actions={<ButtonLink to={back}>All letters</ButtonLink>}
    >
      <Asked query={incident}>
        {(found) =>
          letter ? (
            <Shown
              key={`${letter.subject} ${letter.text}`}
              {...{ place, incident: found, letter }}
              {...shared}
            />
          ) : (
            <Empty
              title="This letter is not there"
              action={<ButtonLink to={back}>All letters</ButtonLink>}
            />
          )
        }
      </Asked>
    </Frame>
  );
}

interface ShownProps extends IncidentPartProps {
  letter: Letter;
}

function Shown(props: ShownProps) {
  const { incident, letter } = props;
  const mayWrite = incident.mayChange && incident.state !== 'closed' && letter.sentOn === undefined;
  return (
    <>
      <p>
        <LetterState letter={letter} />
      </p>
      {incident.drill && (
        <Notice tone="warning" title="This is a drill">
          Nobody is told. Do not send it.
        </Notice>
      )}
      {mayWrite ? (
        <Editor {...props} />
      ) : (
        <>
          <p>
            <strong>{letter.subject}</strong>
          </p>
          <p className="as-written">{letter.text}</p>
        </>
      )}
    </>
  );
}

function Editor(props: ShownProps) {
  const { incident, calls, onChanged, letter } = props;
  const [subject, setSubject] = useState(letter.subject);
  const [text, setText] = useState(letter.text);
  const [isSending, setSending] = useState(false);
  const save = useMutation({
    mutationFn: () => calls.writeLetter(letter.letterId, { subject: subject.trim(), text }),
    onSuccess: async () => {
      toast('Saved');
      await onChanged();
    },
  });
  const isChanged = subject !== letter.subject || text !== letter.text;
  const gaps = gapsIn(subject) + gapsIn(text);
  return (
    <div className="stack">
      {gaps > 0 && (
        <Notice tone="warning" title={gapWords(gaps)}>
          <p>
            Look for <code>[to be filled: …]</code> and write what belongs there. A letter with gaps
            can’t be noted as sent.
          </p>
        </Notice>
      )}
      <TextField
        label="Subject"
        value={subject}
        onChange={setSubject}
        maxLength={MOST_SUBJECT_CHARACTERS}
      />
      <TextField
        label="Letter"
        rows={20}
        value={text}
        onChange={setText}
        maxLength={MOST_LETTER_CHARACTERS}
      />
      {save.isError && <ProblemNotice error={save.error} />}
      <div className="cluster">
        <Button
          look={isChanged ? 'main' : 'plain'}
          isDisabled={!isChanged || subject.trim() === '' || text.trim() === ''}
          isPending={save.isPending}
          onPress={() => save.mutate()}
        >
          Save
        </Button>
        <CopyButton text={`${subject}\n\n${text}`} what="the letter" />
        {!incident.drill && (
          <Button
            look={isChanged ? 'plain' : 'main'}
            isDisabled={isChanged || gaps > 0}
            onPress={() => setSending(true)}
          >
            It was sent
          </Button>
        )}
      </div>
      {isSending && <SentDialog {...props} onClose={() => setSending(false)} />}
    </div>
  );
}

function SentDialog(props: ShownProps & { onClose: () => void }) {
  const { incident, calls, onChanged, letter, onClose } = props;
  const [sentOn, setSentOn] = useState(() => dateThere(Date.now(), incident.timeZone));
  const [sentHow, setSentHow] = useState<SentWay | null>(null);
  return (
    <FormDialog
      title="When and how was it sent?"
      deed="Note it"
      isDisabled={sentHow === null || sentOn === ''}
      act={() => calls.letterSent(letter.letterId, { sentOn, sentHow: sentHow as SentWay })}
      onDone={() => {
        void onChanged();
        onClose();
      }}
      onClose={onClose}
    >
      <p>After that it can’t be changed.</p>
      <TextField label="On" type="date" value={sentOn} onChange={setSentOn} />
      <RadioGroup
        label="How"
        choices={sentWays.map((value) => ({ value, label: sentWords[value] }))}
        value={sentHow}
        onChange={(value) => setSentHow(value as SentWay)}
      />
    </FormDialog>
  );
}
