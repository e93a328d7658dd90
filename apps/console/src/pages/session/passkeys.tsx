import { Page } from '#apps/console/src/ui/page.js';

export default function Passkeys() {
  return <Page title="Your passkeys" lead="Each lets you sign in, and confirm what you decide." />;
}
