import { Empty } from '#apps/console/src/ui/empty.js';
import { Page } from '#apps/console/src/ui/page.js';

export default function Overview() {
  return (
    <Page title="Overview" lead="Your keys, the practices you are paired with, and how it goes.">
      <Empty title="No practice is paired yet">
        Ask a practice for a pairing code, then redeem it through the API.
      </Empty>
    </Page>
  );
}
