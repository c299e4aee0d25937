import { openEmbeddedEngine } from '../../src/engine/embedded-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { EngineReply, EngineRequest } from './engine-messages.ts';
import { serve } from './serve.ts';

let engine: Engine | undefined;

serve(async (message): Promise<EngineReply> => {
  // Only `EngineProcess` asks.
  const request = message as EngineRequest;
  const startedAt = performance.now();
  const chunks: Uint8Array[] = [];
  switch (request.type) {
    case 'open':
      engine = await openEmbeddedEngine({ dataPath: ':memory:', ...request });
      break;
    case 'run':
      if (engine === undefined) throw new Error('no engine is open');
      for await (const chunk of engine.stream(request.sql)) chunks.push(chunk);
      break;
    case 'close':
      await engine?.close();
  }
  return { elapsedMs: performance.now() - startedAt, output: Buffer.concat(chunks).toString() };
});
