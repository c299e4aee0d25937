import { Buffer } from 'node:buffer';
import { once, setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';

import { frameTypes } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ByteQueue } from '../formats/byte-queue.ts';
import type { Row, RowReader } from '../formats/row-reader.ts';
import { vectorFormats } from '../formats/vector-format.ts';
import type { QueuedTower } from './encode-queue.ts';
import { EncodeWindow, type EncodeServices } from './encode-window.ts';
import type { Dtype } from '../models/dtype.ts';
import type { FunctionCall, InputKind } from './function-call.ts';
import type { HostedModel } from './model-registry.ts';

/** A window is what is deduplicated and sorted together. Larger ones pad less and answer their first row later. */
const maxWindowRows = 2048;
const maxWindowBytes = 32 * 1024 * 1024;
/** While one window computes, the next one is read and tokenised. */
const maxWindowsInFlight = 2;
/** Up to this many rows, somebody is probably waiting for the answer. */
const maxInteractiveRows = 8;

export interface BridgeServices extends EncodeServices {
  openModel: (modelsPath: string, name: string, dtype: Dtype) => Promise<HostedModel>;
  openTower: (model: HostedModel, call: FunctionCall) => Promise<QueuedTower>;
  countRows: (input: InputKind, rows: number) => void;
}

/**
 * One bridge's connection: reads its blocks in windows of rows, answers them in order as they are done, and tells the
 * bridge after each block that all is answered. Ends when the bridge goes or a row fails.
 */
export class BridgeConnection {
  readonly #socket: Socket;
  readonly #bytes: ByteQueue;
  readonly #call: FunctionCall;
  readonly #services: BridgeServices;
  /** Aborts when a row has failed or the bridge has gone: what waits in the queue for this connection is dropped. */
  readonly #failed = new AbortController();
  #receivedBytes: number;
  #rows: Row[] = [];
  #rowBytes = 0;
  #windowsInFlight = new Set<Promise<void>>();
  #lastWindow: Promise<void> = Promise.resolve();

  /** `bytes` holds what arrived behind the hello. */
  constructor(socket: Socket, bytes: ByteQueue, call: FunctionCall, services: BridgeServices) {
    this.#socket = socket;
    this.#bytes = bytes;
    this.#call = call;
    this.#services = services;
    this.#receivedBytes = bytes.length;
    // Each run that waits in the queue listens.
    setMaxListeners(0, this.#failed.signal);
    socket.once('close', () => this.#failed.abort(new Error('the bridge has gone')));
  }

  /** Serves until the bridge closes its side. @throws whatever a row failed with */
  async serve(): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#failed.signal.addEventListener('abort', () => reject(this.#failed.signal.reason), { once: true });
    });
    await Promise.race([this.#serveBlocks(), failed]);
  }

  async #serveBlocks(): Promise<void> {
    const { chunkHeader, format, modelArgument } = this.#call;
    const reader = vectorFormats[format].read(this.#bytes, { columns: modelArgument ? 2 : 1, chunkHeader });
    await this.#readRows(reader);
    // Half-open: the bridge may have no more to ask and still wait for answers.
    for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
      this.#failed.signal.throwIfAborted();
      this.#bytes.push(chunk);
      this.#receivedBytes += chunk.length;
      await this.#readRows(reader);
    }
    await this.#lastWindow;
    if (this.#rows.length > 0 || this.#bytes.length > 0) {
      throw new EmbedhouseError(
        'FORMAT_INVALID',
        `the input ended in the middle of a row: is ${format} the <format> of the function’s definition?`,
      );
    }
  }

  async #readRows(reader: RowReader): Promise<void> {
    for (;;) {
      const { value: step } = reader.next();
      if (step.type === 'row') {
        this.#rows.push(step.row);
        this.#rowBytes += step.row.reduce((sum, cell) => sum + (cell?.length ?? 0), 0);
        if (this.#rows.length >= maxWindowRows || this.#rowBytes >= maxWindowBytes) {
          await this.#startWindow({ isInteractive: false });
        }
      } else if (step.type === 'blockEnd') {
        await this.#startWindow({ isInteractive: this.#rows.length <= maxInteractiveRows });
      } else {
        // Without a header nothing says that more rows follow: those that are there must be answered.
        if (!this.#call.chunkHeader && this.#call.format !== 'Native' && this.#rows.length > 0) {
          await this.#startWindow({ isInteractive: this.#rows.length <= maxInteractiveRows });
        }
        return;
      }
    }
  }

  /** Starts encoding the rows read so far; waits first while too many windows are in flight. */
  async #startWindow({ isInteractive }: { isInteractive: boolean }): Promise<void> {
    const rows = this.#rows;
    const answeredBytes = this.#receivedBytes - this.#bytes.length;
    this.#rows = [];
    this.#rowBytes = 0;
    while (this.#windowsInFlight.size >= maxWindowsInFlight) {
      await Promise.race(this.#windowsInFlight);
    }
    const window = this.#encodeWindow(rows, answeredBytes, isInteractive, this.#lastWindow);
    this.#lastWindow = window;
    this.#windowsInFlight.add(window);
    const settle = (): boolean => this.#windowsInFlight.delete(window);
    window.then(settle, (error: unknown) => {
      settle();
      this.#failed.abort(error);
    });
  }

  async #encodeWindow(
    rows: Row[],
    answeredBytes: number,
    isInteractive: boolean,
    before: Promise<void>,
  ): Promise<void> {
    const { modelsPath, dtype, input, format } = this.#call;
    let isFirst = false;
    const flush = (): void => {
      for (const vectors of isFirst ? window.takeVectors() : []) {
        this.#send(frameTypes.data, vectorFormats[format].write(vectors));
      }
    };
    const window = new EncodeWindow(rows, {
      call: this.#call,
      openModel: async (name) => {
        const model = await this.#services.openModel(modelsPath, name, dtype);
        return { model, tower: await this.#services.openTower(model, this.#call) };
      },
      services: this.#services,
      encode: { owner: this, isInteractive, signal: this.#failed.signal },
      onVectors: flush,
    });
    const turn = before.then(() => {
      isFirst = true;
      flush();
    });
    await Promise.all([turn, window.run()]);
    flush();
    this.#services.countRows(input, rows.length);
    const answered = Buffer.alloc(8);
    answered.writeDoubleLE(answeredBytes);
    if (!this.#send(frameTypes.answered, answered)) {
      await once(this.#socket, 'drain', { signal: this.#failed.signal });
    }
  }

  #send(type: number, payload: Buffer): boolean {
    // After a failure the socket's end is written already.
    return this.#failed.signal.aborted || sendFrame(this.#socket, type, payload);
  }
}

/** Writes one frame to a bridge. Answers whether the socket wants more. */
export function sendFrame(socket: Socket, type: number, payload: Buffer): boolean {
  const header = Buffer.alloc(5);
  header.writeUInt8(type);
  header.writeUInt32LE(payload.length, 1);
  // Frames of one turn of the event loop travel together: each write would wake the bridge.
  socket.cork();
  setImmediate(() => socket.uncork());
  socket.write(header);
  return socket.write(payload);
}
