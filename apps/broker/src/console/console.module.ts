/**
 * The console's files, as the build left them in dist/console, served beside the API. Promises: a page
 * may run our own scripts and styles and speak to this origin, nothing else; a file whose name carries
 * its hash is kept for good, the page that names it is asked for anew each time; whatever is not a
 * file is the page itself, which finds its way in the browser; `/console/api` is never answered here.
 */
import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { consoleFolder } from '#apps/broker/src/console/console-folder.js';
import { ConsolePagesController } from '#apps/broker/src/console/console-pages.controller.js';

@Module({ controllers: [ConsolePagesController] })
export class ConsoleModule implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  async onModuleInit(): Promise<void> {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    await server.register(fastifyStatic, {
      root: consoleFolder,
      serve: false,
      preCompressed: true,
      cacheControl: false,
    });
  }
}
