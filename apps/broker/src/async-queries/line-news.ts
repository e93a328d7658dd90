import { Injectable } from '@nestjs/common';
import { QueryPump } from '#apps/broker/src/async-queries/query-pump.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';

/**
 * Who has to hear that a line is waiting: this node, when it holds the site's link, and then nobody
 * else; otherwise all others, one of which may hold it. What is not heard the sweep finds.
 */
@Injectable()
export class LineNews {
  constructor(
    private readonly pump: QueryPump,
    private readonly broadcast: Broadcast,
  ) {}

  async tell(siteId: string): Promise<void> {
    if (this.pump.serves(siteId)) this.pump.wake(siteId);
    else await this.broadcast.publish('line.joined', siteId);
  }
}
