/** The two ways to accept: a newcomer makes a passkey; whoever is signed in only says yes. */
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Form } from 'react-aria-components/Form';
import type { OpenedInvitation, Session } from '#libs/console-api/session.js';
import { toProblem } from '#apps/console/src/api/request.js';
import { acceptInvitation, openInvitation } from '#apps/console/src/api/session.js';
import { NoPasskeys } from '#apps/console/src/session/no-passkeys.js';
import { hasPasskeys, makePasskey } from '#apps/console/src/session/passkey-ceremonies.js';
import { useSignedIn } from '#apps/console/src/session/session-context.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

interface AcceptProps {
  code: string;
  onAccepted: (session: Session) => void;
  /** Nothing more can be done with it. */
  onOver: (why: Error) => void;
}

/** Used or withdrawn, or its time is over, since it was opened. */
const isOver = (error: Error): boolean => toProblem(error).code.startsWith('INVITATION_');

export function AcceptAsNewcomer({ code, onAccepted, onOver }: AcceptProps) {
  const [name, setName] = useState('');
  const attempt = useMutation({
    mutationFn: async (ownName: string) => {
      // Asked again, for a page may stay open for hours: no device is to make a passkey for nothing.
      const { options } = await openInvitation(code);
      const credential = await makePasskey(withName(options, ownName));
      return acceptInvitation({ code, name: ownName, credential });
    },
    onSuccess: onAccepted,
    onError: (error) => isOver(error) && onOver(error),
  });
  if (!hasPasskeys()) return <NoPasskeys />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate(name.trim());
  };
  return (
    <Form className="stack" onSubmit={submit}>
      <TextField
        label="Your name"
        hint="As the people you work with know you."
        value={name}
        onChange={setName}
        autoComplete="name"
        maxLength={100}
        isRequired
        autoFocus
      />
      <p className="quiet">
        Next, your device asks for your fingerprint, face or PIN and makes a passkey. It takes the
        place of a password; there is nothing to remember.
      </p>
      <Button type="submit" look="main" isPending={attempt.isPending}>
        Make a passkey and join
      </Button>
      {attempt.isError && <ProblemNotice error={attempt.error} />}
      <p className="card__foot">
        Do you have a passkey here already?{' '}
        <ButtonLink to="/sign-in?next=%2Finvitation" look="quiet">
          Sign in first
        </ButtonLink>
      </p>
    </Form>
  );
}

/** What the device's own list of passkeys calls this one. */
function withName(options: OpenedInvitation['options'], name: string): OpenedInvitation['options'] {
  return { ...options, user: { ...options.user, displayName: name } };
}

export function AcceptAsKnown({ code, onAccepted, onOver }: AcceptProps) {
  const { person } = useSignedIn();
  const attempt = useMutation({
    mutationFn: () => acceptInvitation({ code }),
    onSuccess: onAccepted,
    onError: (error) => isOver(error) && onOver(error),
  });
  return (
    <div className="stack">
      <p>
        You are signed in as <strong>{person.name}</strong>. The role is added to those you have.
      </p>
      <Button look="main" isPending={attempt.isPending} onPress={() => attempt.mutate()}>
        Accept
      </Button>
      {attempt.isError && <ProblemNotice error={attempt.error} />}
    </div>
  );
}
