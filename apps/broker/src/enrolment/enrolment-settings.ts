import { isIP } from 'node:net';

/** What an agent is told about this installation when it enrols. */
export class EnrolmentSettings {
  constructor(
    /** SPIFFE trust domain written into agents' certificates. */
    readonly trustDomain: string,
    private readonly gatewayName: string,
    /** Set again by a gateway in this process once it knows the port it was given. */
    public gatewayPort: number,
  ) {}

  /** wss:// address under which agents reach the gateway. */
  get linkUrl(): string {
    const host = isIP(this.gatewayName) === 6 ? `[${this.gatewayName}]` : this.gatewayName;
    return `wss://${host}:${this.gatewayPort}`;
  }
}
