/** How many deliveries this node makes at once, so that a dead receiver holds up nobody else. */
export const endpointPlaces = 2;
export const integratorPlaces = 8;

export interface DeliveryOwner {
  webhookId: string;
  integratorId: string;
}

export class DeliveryPlaces {
  private readonly byEndpoint = new Map<string, number>();
  private readonly byIntegrator = new Map<string, number>();

  /** @returns false when there is none: whoever leaves looks for what waits */
  take({ webhookId, integratorId }: DeliveryOwner): boolean {
    const ofEndpoint = this.byEndpoint.get(webhookId) ?? 0;
    const ofIntegrator = this.byIntegrator.get(integratorId) ?? 0;
    if (ofEndpoint >= endpointPlaces || ofIntegrator >= integratorPlaces) return false;
    this.byEndpoint.set(webhookId, ofEndpoint + 1);
    this.byIntegrator.set(integratorId, ofIntegrator + 1);
    return true;
  }

  leave({ webhookId, integratorId }: DeliveryOwner): void {
    decrement(this.byEndpoint, webhookId);
    decrement(this.byIntegrator, integratorId);
  }

  /** Endpoints that have none left. */
  full(): string[] {
    return [...this.byEndpoint].filter(([, count]) => count >= endpointPlaces).map(([id]) => id);
  }
}

function decrement(counts: Map<string, number>, id: string): void {
  const left = (counts.get(id) ?? 1) - 1;
  if (left > 0) counts.set(id, left);
  else counts.delete(id);
}
