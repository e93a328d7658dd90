/** What the law asks for with each kind, in plain words, and where a complaint goes next. */
import type { ReactNode } from 'react';
import type { PrivacyKind, PrivacyRequest } from '#libs/console-api/privacy.js';
import { Section } from '#apps/console/src/ui/page.js';

const answers: Record<PrivacyKind, ReactNode> = {
  access: (
    <p>
      Give it in the way the person asks for, where that is reasonable. Asking is free; for giving
      you may charge what it costs you, and not too much. Where something has to be left out, give
      the rest, or agree on somebody who explains it to them.
    </p>
  ),
  correction: (
    <p>
      Correct what is wrong, out of date, incomplete, irrelevant or misleading, free of charge. If
      they ask, tell whoever you gave it to, the software’s makers among them. If you refuse, they
      may ask you to keep a statement of theirs with the record.
    </p>
  ),
  complaint: (
    <p>
      Say at once that it has come, look into it, and answer in writing. Say what you found, what
      you will do, and where they can go if they are not satisfied.
    </p>
  ),
};

export function PrivacyAdvice({ request }: { request: PrivacyRequest }) {
  return (
    <Section title="What to bear in mind">
      {answers[request.kind]}
      <p>
        If the person has no answer after 30 days, or is not satisfied with it, they can complain to
        the Office of the Australian Information Commissioner, free of charge: oaic.gov.au, 1300 363
        992. The health complaints body of your state or territory takes complaints too, and in New
        South Wales, Victoria and the Australian Capital Territory health records have a law and a
        regulator of their own. What is about a My Health Record goes to the Commissioner as well.
        Somebody who thinks that their information was lost or seen by others may be telling you of
        a data breach: tell the practice’s owner at once.
      </p>
    </Section>
  );
}
