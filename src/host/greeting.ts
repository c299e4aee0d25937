import type { Socket } from 'node:net';

import * as z from 'zod';

import { protocolVersion } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ByteQueue } from '../formats/byte-queue.ts';
import { helloSchema } from './function-call.ts';

const controlSchema = z.enum(['status', 'keep', 'stop']);
const greetingSchema = z.union([z.object({ control: controlSchema }), helloSchema]);

/** `keep` turns off the end when idle. Each is answered with the host's status. */
export type Control = z.infer<typeof controlSchema>;

/** What a connection begins with: a bridge's hello, or a command of `embedhouse host`. */
export type Greeting = z.infer<typeof greetingSchema>;

const maxGreetingBytes = 256 * 1024;

/**
 * Reads a connection's first line; what came behind it stays in `bytes`. Answers `undefined` if the other side went
 * before it said anything.
 * @throws HOST_UNAVAILABLE if the other side speaks another version of the protocol
 * @throws FORMAT_INVALID if it speaks no line at all
 */
export async function readGreeting(socket: Socket, bytes: ByteQueue): Promise<Greeting | undefined> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes.push(chunk);
    const line = bytes.takeLine(maxGreetingBytes);
    if (line !== undefined) {
      return parseGreeting(line.toString());
    }
  }
  return undefined;
}

function parseGreeting(line: string): Greeting {
  const greeting = greetingSchema.safeParse(parseJson(line));
  if (!greeting.success || ('protocol' in greeting.data && greeting.data.protocol !== protocolVersion)) {
    throw new EmbedhouseError(
      'HOST_UNAVAILABLE',
      "the running model host is of another version of embedhouse: end it with 'embedhouse host stop' and run the query again",
    );
  }
  return greeting.data;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
