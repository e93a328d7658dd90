/**
 * The bytes of sealed requests on their way to agents that this node holds. Many small ones go side by
 * side; large ones wait for each other. A single one always goes.
 */
import { Injectable } from '@nestjs/common';

const MAX_BYTES = 64 * 1024 * 1024;

@Injectable()
export class RequestRoom {
  private bytes = 0;
  private readonly waiting: (() => void)[] = [];

  /** @returns gives the bytes back; to be called once, when the agent has begun to answer */
  async take(bytes: number): Promise<() => void> {
    while (this.bytes > 0 && this.bytes + bytes > MAX_BYTES) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.bytes += bytes;
    return () => {
      this.bytes -= bytes;
      for (const look of this.waiting.splice(0)) look();
    };
  }
}
