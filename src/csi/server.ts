import { chmod } from "node:fs/promises";
import { create, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
  Metadata as GrpcMetadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { abortOf } from "../lib/abort.ts";
import { type Clock, systemClock, withTimeout } from "../lib/clock.ts";
import { Failure, failureOf } from "../lib/failure.ts";
import { type Logger, silent } from "../lib/log.ts";
import { socketPathOf } from "./address.ts";
import type { CallEnded } from "./client.ts";
import { Controller, GroupController, Identity, Node } from "./gen/csi_pb.js";
import { Registration } from "./gen/registration_pb.js";
import { scrub, withoutSecrets } from "./secrets.ts";
import {
  type Handlers,
  type Metadata,
  messageLimitBytes,
  pathOf,
  type Service,
  type Services,
  type Serving,
  unaryMethods,
} from "./service.ts";
import { clearStaleSocket } from "./stale-socket.ts";
import { grpcStatusOf } from "./status.ts";

export type CsiHandlers = { readonly [Name in keyof Services]?: Handlers<Services[Name]> } & {
  /** For the kubelet, on a socket of its own. */
  readonly registration?: Handlers<typeof Registration>;
};

export interface ServeOptions extends CsiHandlers {
  /** `unix:///path` or a path. */
  readonly address: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly onCall?: (call: CallEnded) => void;
}

export interface CsiServer {
  /** Absolute path of the socket. */
  readonly address: string;
  /** Lets calls end for at most `graceMs` (5 s), then aborts the others. The socket is gone afterwards. */
  stop(graceMs?: number): Promise<void>;
}

/** More calls at once than any caller has a reason to make on one connection; the others wait at the caller. */
const callsAtOnce = 1_024;
const stopGraceMs = 5_000;
const ownerOnly = 0o600;

/**
 * Serves CSI on a Unix socket that only its owner can use. Services without handlers are not served at all.
 *
 * @throws Failure "invalid" for an impossible address; "exists" if another process listens there; "unavailable" if the
 *   socket cannot be made
 */
export async function serve(options: ServeOptions): Promise<CsiServer> {
  const address = socketPathOf(options.address);
  const desk: Desk = {
    clock: options.clock ?? systemClock,
    log: options.log ?? silent,
    onCall: options.onCall,
    live: new Set(),
  };
  const server = new Server({
    "grpc.enable_channelz": 0,
    "grpc.max_receive_message_length": messageLimitBytes,
    "grpc.max_send_message_length": messageLimitBytes,
    "grpc.max_concurrent_streams": callsAtOnce,
  });
  for (const [name, service] of Object.entries(services)) {
    const handlers = options[name as keyof typeof services]; // just listed
    if (handlers) server.addService(...serviceFor(service, handlers, desk));
  }
  await clearStaleSocket(address);
  await bind(server, address);
  await chmod(address, ownerOnly);
  return { address, stop: (graceMs = stopGraceMs) => stop(server, desk, graceMs) };
}

const services = {
  identity: Identity,
  controller: Controller,
  groupController: GroupController,
  node: Node,
  registration: Registration,
};

/** What all calls of one server share. */
interface Desk {
  readonly clock: Clock;
  readonly log: Logger;
  readonly onCall: ((call: CallEnded) => void) | undefined;
  /** One for each call under way. */
  readonly live: Set<AbortController>;
}

function bind(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${address}`, ServerCredentials.createInsecure(), (error) => {
      if (!error) return resolve();
      reject(new Failure("unavailable", `cannot listen on ${address}: ${error.message}`, { cause: error }));
    });
  });
}

async function stop(server: Server, desk: Desk, graceMs: number): Promise<void> {
  const finished = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const limit = { timeoutMs: graceMs, what: "the last CSI call", signal: new AbortController().signal };
  try {
    await withTimeout(desk.clock, limit, (signal) => Promise.race([finished, abortOf(signal)]));
  } catch (error) {
    desk.log.warn({ err: error }, "CSI calls are cut off");
    for (const call of desk.live) call.abort(new DOMException("the CSI server stops", "AbortError"));
    server.forceShutdown();
  }
}

type Handle = (request: Message, serving: Serving) => Promise<Record<string, unknown>>;

function serviceFor(service: Service, handlers: object, desk: Desk): [ServiceDefinition, Record<string, Unary>] {
  const methods = unaryMethods(service);
  const definition = methods.map(([name, method]) => [
    name,
    {
      path: pathOf(service, method),
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: Message) => Buffer.from(toBinary(method.input, message)),
      requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
      responseSerialize: (message: Message) => Buffer.from(toBinary(method.output, message)),
      responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
    },
  ]);
  const byName = handlers as Readonly<Record<string, Handle | undefined>>; // typed by CsiHandlers, called by name here
  const implementations = methods.map(([name, method]) => [
    name,
    unaryFor({ path: pathOf(service, method), method, handle: byName[name]?.bind(handlers), desk }),
  ]);
  return [Object.fromEntries(definition), Object.fromEntries(implementations)];
}

type Unary = (call: ServerUnaryCall<Message, Message>, answer: sendUnaryData<Message>) => void;

interface Endpoint {
  readonly path: string;
  readonly method: DescMethod;
  readonly handle: Handle | undefined;
  readonly desk: Desk;
}

function unaryFor(endpoint: Endpoint): Unary {
  const { path, method, handle, desk } = endpoint;
  return (call, answer) => {
    const caller = new AbortController();
    desk.live.add(caller);
    call.on("cancelled", () => caller.abort(new DOMException("the caller gave up", "AbortError")));
    const startedMs = desk.clock.monotonicMs();
    const ended = (code: number, fields: object) => {
      desk.live.delete(caller);
      const tookMs = desk.clock.monotonicMs() - startedMs;
      desk.onCall?.({ path, status: status[code] ?? "UNKNOWN", tookMs });
      const request = withoutSecrets(method.input, call.request);
      desk.log.debug({ call: path, status: status[code], ms: Math.round(tookMs), request, ...fields }, "CSI call");
    };
    const tell = (metadata: Metadata) => call.sendMetadata(GrpcMetadata.fromHttp2Headers(metadata));
    const work = async () => {
      if (!handle) throw new Failure("unimplemented", `this driver has no ${method.name}`);
      return create(method.output, await handle(call.request, { signal: caller.signal, tell }));
    };
    work().then(
      (message) => {
        ended(status.OK, {});
        answer(null, message);
      },
      (error: unknown) => {
        const failure = failureOf(error);
        const code = grpcStatusOf(failure.code);
        const details = scrub(failure.message, method.input, call.request);
        if (!(error instanceof Failure)) desk.log.error({ call: path, err: error }, "CSI call failed unexpectedly");
        ended(code, { error: details });
        answer({ code, details });
      },
    );
  };
}
