import { create, type DescMethod, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  CallCredentials,
  Client as Channel,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { onAbort } from "../lib/abort.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { Failure } from "../lib/failure.ts";
import { socketPathOf } from "./address.ts";
import { Controller, GroupController, Identity, Node } from "./gen/csi_pb.js";
import { scrub } from "./secrets.ts";
import {
  type Calls,
  type CsiCall,
  messageLimitBytes,
  pathOf,
  type Service,
  type Services,
  unaryMethods,
} from "./service.ts";
import { codeOfGrpcStatus } from "./status.ts";

/** A CSI driver at the other end of a socket, typed. Every failure is a Failure by the table of `status.ts`. */
export interface Csi extends CsiServices {
  /** Absolute path of the socket. */
  readonly address: string;
  /** Grows with each connection that is lost: whoever answers after that may be another driver. */
  readonly losses: number;
  close(): void;
}

export type CsiServices = { readonly [Name in keyof Services]: Calls<Services[Name]> };

export interface ConnectOptions {
  /** `unix:///path` or a path. */
  readonly address: string;
  readonly clock?: Clock;
  /** Told about each call when it ended; for metrics. */
  readonly onCall?: (call: CallEnded) => void;
  /** Asked in the moment in which a call goes out, after any wait for the driver; what it throws ends the call. */
  readonly permit?: () => void;
}

export interface CallEnded {
  /** "/csi.v1.Controller/CreateVolume" */
  readonly path: string;
  /** gRPC's name: "OK", "ABORTED". */
  readonly status: string;
  readonly tookMs: number;
}

/** gRPC's own backoff grows to two minutes; a driver that restarts is to be found again at once. */
const reconnectLimitMs = 1_000;

/**
 * Opens a client. It connects with the first call, and again whenever the driver has restarted.
 *
 * @throws Failure "invalid" if the address cannot be a Unix socket
 */
export function connect(options: ConnectOptions): Csi {
  const address = socketPathOf(options.address);
  const channel = new Channel(`unix:${address}`, credentials.createInsecure(), {
    "grpc.enable_channelz": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": reconnectLimitMs,
    "grpc.max_receive_message_length": messageLimitBytes,
    "grpc.max_send_message_length": messageLimitBytes,
  });
  const { clock = systemClock, onCall, permit } = options;
  const line: Line = { channel, address, clock, onCall, ...(permit && { guard: guardOf(permit) }) };
  const losses = lossesOf(channel);
  return {
    address,
    get losses() {
      return losses();
    },
    identity: callsOf(Identity, line),
    controller: callsOf(Controller, line),
    groupController: callsOf(GroupController, line),
    node: callsOf(Node, line),
    close: () => channel.close(),
  };
}

/** Counts how often a connection was lost, until the channel is closed. */
function lossesOf(channel: Channel): () => number {
  const { READY, SHUTDOWN } = connectivityState;
  const inner = channel.getChannel();
  let losses = 0;
  let last = inner.getConnectivityState(false);
  const look = () => {
    const now = inner.getConnectivityState(false);
    if (last === READY && now !== READY) losses++;
    last = now;
  };
  const follow = () => {
    look();
    if (last !== SHUTDOWN) inner.watchConnectivityState(last, Number.POSITIVE_INFINITY, follow);
  };
  follow();
  return () => {
    look();
    return losses;
  };
}

interface Line {
  readonly channel: Channel;
  readonly address: string;
  readonly clock: Clock;
  readonly onCall: ((call: CallEnded) => void) | undefined;
  readonly guard?: CallCredentials;
}

/** Credentials are asked for when the channel is connected, right before a call is sent, and again for each repetition. */
function guardOf(permit: () => void): CallCredentials {
  return CallCredentials.createFromMetadataGenerator((_options, give) => {
    try {
      permit();
      give(null, new Metadata());
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      give(Object.assign(new Error(message), { code: status.UNAVAILABLE }));
    }
  });
}

function callsOf<S extends Service>(service: S, line: Line): Calls<S> {
  const calls = unaryMethods(service).map(([name, method]) => [
    name,
    (request: Init, call: CsiCall) => unary({ service, method, request, call, line }),
  ]);
  return Object.fromEntries(calls) as Calls<S>; // built from the same description as the type
}

/** A request as a plain object; its fields are checked against the method where the call is typed. */
type Init = Record<string, unknown>;

interface UnaryCall {
  readonly service: Service;
  readonly method: DescMethod;
  readonly request: Init;
  readonly call: CsiCall;
  readonly line: Line;
}

function unary({ service, method, request, call, line }: UnaryCall): Promise<MessageShape<DescMethod["output"]>> {
  const { clock } = line;
  const message = create(method.input, request);
  const path = pathOf(service, method);
  const startedMs = clock.monotonicMs();
  const ended = (code: number) =>
    line.onCall?.({ path, status: status[code] ?? "UNKNOWN", tookMs: clock.monotonicMs() - startedMs });
  return new Promise((resolve, reject) => {
    if (call.signal.aborted) return reject(givenUp(method, line.address, call.signal));
    const sent = line.channel.makeUnaryRequest(
      path,
      (value: typeof message) => Buffer.from(toBinary(method.input, value)),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      message,
      new Metadata(),
      {
        deadline: clock.now().getTime() + call.timeoutMs,
        ...(line.guard && { credentials: line.guard }),
      },
      (error, answer) => {
        off();
        ended(error?.code ?? status.OK);
        if (error && call.signal.aborted) return reject(givenUp(method, line.address, call.signal));
        if (error) return reject(failureOf(error, scrub(error.details, method.input, message), { method, call, line }));
        resolve(answer as MessageShape<DescMethod["output"]>); // without an error there is an answer
      },
    );
    if (call.onMetadata) sent.on("metadata", (metadata) => call.onMetadata?.(textsOf(metadata)));
    const off = onAbort(call.signal, () => sent.cancel());
  });
}

/** Binary values, which have keys of their own, are left out. */
function textsOf(metadata: Metadata): Readonly<Record<string, string>> {
  const texts = Object.entries(metadata.getMap()).filter((entry): entry is [string, string] => isText(entry[1]));
  return Object.fromEntries(texts);
}

const isText = (value: string | Buffer) => typeof value === "string";

function givenUp(method: DescMethod, address: string, signal: AbortSignal): Failure {
  return new Failure("cancelled", `${method.name} on ${address} was given up`, { cause: signal.reason });
}

/** How grpc-js ends what it says of a connection that failed, where it has found out nothing more. */
const emptyNote = /\.?\s*Resolution note:\s*$/;

function failureOf(error: ServiceError, details: string, at: Pick<UnaryCall, "method" | "call" | "line">): Failure {
  const code = codeOfGrpcStatus(error.code);
  const what = `${at.method.name} on ${at.line.address}`;
  if (code === "timeout") return new Failure(code, `${what} got no answer within ${at.call.timeoutMs} ms: ${details}`);
  const why = details.replace(emptyNote, "") || "no reason given";
  return new Failure(code, `${what} failed with ${status[error.code] ?? error.code}: ${why}`);
}
