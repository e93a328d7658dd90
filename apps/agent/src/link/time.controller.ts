import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { agentPatterns } from '#libs/contracts/link-messages.js';

/** The cheapest question there is: the broker asks it to learn whether somebody is still there. */
@Controller()
export class TimeController {
  @MessagePattern(agentPatterns.readTime)
  readTime(): { clockMs: number } {
    return { clockMs: Date.now() };
  }
}
