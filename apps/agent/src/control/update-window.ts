/**
 * When the practice lets this agent be updated, as the broker last said. The agent does not update
 * itself: whoever does, by hand or with a tool, asks here first.
 */
import { join } from 'node:path';

import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { isUpdateWindowAnswer, type UpdateWindowAnswer } from '#libs/grants/update-window.js';
import { hoursWords, isWithinHours } from '#libs/grants/permitted-hours.js';
import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import type { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';

/** In words, and whether it is open at this moment. */
export interface UpdateWindowStanding {
  words: string;
  isOpen: boolean;
}

const pathIn = (stateFolder: string): string => join(stateFolder, 'update-window.json');

/** What was last said, also where the agent does not run; a file that is not right says nothing. */
export async function keptUpdateWindow(stateFolder: string): Promise<UpdateWindowAnswer> {
  const text = await readIfThere(pathIn(stateFolder));
  try {
    const kept: unknown = JSON.parse(text ?? '{}');
    return isUpdateWindowAnswer(kept) ? kept : {};
  } catch {
    return {};
  }
}

export function standingOf({ window }: UpdateWindowAnswer, nowMs: number): UpdateWindowStanding {
  if (!window) return { words: 'at any time', isOpen: true };
  return { words: hoursWords(window), isOpen: isWithinHours(window, nowMs) };
}

export class UpdateWindowBook {
  private constructor(
    private readonly stateFolder: string,
    private readonly line: BrokerLine,
    private said: UpdateWindowAnswer,
  ) {
    line.onAttached(() => void this.refresh());
  }

  static async open(stateFolder: string, line: BrokerLine): Promise<UpdateWindowBook> {
    return new UpdateWindowBook(stateFolder, line, await keptUpdateWindow(stateFolder));
  }

  standing(nowMs: number): UpdateWindowStanding {
    return standingOf(this.said, nowMs);
  }

  /** Never rejects: without the broker, what it last said counts. */
  async refresh(): Promise<void> {
    try {
      if (!this.line.attached) return;
      const answer = await this.line.ask(brokerPatterns.readUpdateWindow, {});
      if (!isUpdateWindowAnswer(answer)) return;
      const isNews = JSON.stringify(answer) !== JSON.stringify(this.said);
      this.said = answer;
      if (isNews) await writeDurably(pathIn(this.stateFolder), `${JSON.stringify(answer)}\n`);
    } catch {
      // An older broker, a cut link, a full disk: asked again at the next attach, or the next question.
    }
  }
}
