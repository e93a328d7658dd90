import { Empty } from '#apps/console/src/ui/empty.js';
import { Page } from '#apps/console/src/ui/page.js';

export default function Fleet() {
  return (
    <Page title="Fleet" lead="Every agent, and how it is.">
      <Empty title="No agent has enrolled yet">
        An agent shows up here as soon as a practice has enrolled it.
      </Empty>
    </Page>
  );
}
