import { DiscoveryService } from '@nestjs/core';

/** Marks a provider that implements `JobHandler`: the broker finds it, whichever room it is in. */
export const RunsJob = DiscoveryService.createDecorator();
