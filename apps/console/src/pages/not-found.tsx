import { ButtonLink } from '#apps/console/src/ui/button.js';
import { Page } from '#apps/console/src/ui/page.js';

export function NotFound() {
  return (
    <Page title="Page not found" lead="There is nothing at this address, or it isn’t yours to see.">
      <p>
        <ButtonLink to="/" look="main">
          Go to the first page
        </ButtonLink>
      </p>
    </Page>
  );
}
