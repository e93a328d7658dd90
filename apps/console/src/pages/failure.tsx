/**
 * What is shown in the place of a page that broke. The commonest cause is a page that was open while
 * Conduit was renewed: its files have other names now, and loading it again is all it takes.
 */
import { useRouteError } from 'react-router';
import { Button } from '#apps/console/src/ui/button.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page } from '#apps/console/src/ui/page.js';

const isMissingFile = (error: unknown): boolean =>
  error instanceof TypeError && /dynamically imported module|module script/i.test(error.message);

export function Failure() {
  const error = useRouteError();
  const reload = (
    <p>
      <Button look="main" onPress={() => window.location.reload()}>
        Load the page again
      </Button>
    </p>
  );
  if (isMissingFile(error)) {
    return (
      <Page title="Conduit has been renewed" lead="This page was opened before that.">
        {reload}
      </Page>
    );
  }
  return (
    <Page title="This page didn’t work">
      <ProblemNotice error={error} />
      {reload}
    </Page>
  );
}
