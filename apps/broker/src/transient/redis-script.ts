/** A Lua script that runs as one step. All its keys share one hash tag, so that a cluster can run it. */
import { createHash } from 'node:crypto';

export class RedisScript {
  readonly digest: string;

  constructor(readonly lua: string) {
    this.digest = createHash('sha1').update(lua).digest('hex');
  }
}
