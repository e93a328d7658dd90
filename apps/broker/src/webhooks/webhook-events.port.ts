/** Where rooms say that something happened that an integrator may want to hear of. */
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';

export abstract class WebhookEvents {
  /**
   * Never throws and never waits: events are written to the store in the background, a moment later.
   * The same event twice (a query's end; anything else of the same moment) is delivered once.
   */
  abstract publish(event: WebhookEvent): void;
}
