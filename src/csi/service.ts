import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Controller, GroupController, Identity, Node } from "./gen/csi_pb.js";

/** A generated service: its methods by name, with their messages. */
export interface Service {
  readonly typeName: string;
  readonly method: Readonly<Record<string, DescMethod>>;
}

/** The services we call and serve, by the name we use for them. */
export interface Services {
  readonly identity: typeof Identity;
  readonly controller: typeof Controller;
  readonly groupController: typeof GroupController;
  readonly node: typeof Node;
}

type Unary<S extends Service> = {
  [Name in keyof S["method"] as S["method"][Name]["methodKind"] extends "unary" ? Name : never]: S["method"][Name];
};
type Input<M> = M extends { readonly input: infer I extends DescMessage } ? I : never;
type Output<M> = M extends { readonly output: infer O extends DescMessage } ? O : never;

/** Every call of a driver is limited in time and can be given up. */
export interface CsiCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Told what the driver says beside its answer, before that. */
  readonly onMetadata?: (metadata: Metadata) => void;
}

/** What a driver says beside an answer, where CSI has no field for it: gRPC's initial metadata, texts alone. */
export type Metadata = Readonly<Record<string, string>>;

/** What a client of the service can call. Requests are plain objects: absent fields are CSI's defaults. */
export type Calls<S extends Service> = {
  readonly [Name in keyof Unary<S>]: (
    request: MessageInitShape<Input<Unary<S>[Name]>>,
    call: CsiCall,
  ) => Promise<MessageShape<Output<Unary<S>[Name]>>>;
};

export interface Serving {
  /** Aborted when the caller gives up, its deadline passes, or the server is forced to stop. */
  readonly signal: AbortSignal;
  /** Says something beside the answer; once, and before that. */
  tell(metadata: Metadata): void;
}

/** What serves a service. A method that is left out answers UNIMPLEMENTED. */
export type Handlers<S extends Service> = {
  readonly [Name in keyof Unary<S>]?: (
    request: MessageShape<Input<Unary<S>[Name]>>,
    serving: Serving,
  ) => Promise<MessageInitShape<Output<Unary<S>[Name]>>>;
};

/** Messages are limited to what thousands of volumes in one answer need; more is a broken peer. */
export const messageLimitBytes = 16 << 20;

/** The path of a method in HTTP/2. */
export function pathOf(service: Service, method: DescMethod): string {
  return `/${service.typeName}/${method.name}`;
}

/** The methods with one request and one answer, by the name they have in our code. */
export function unaryMethods(service: Service): readonly (readonly [string, DescMethod])[] {
  return Object.entries(service.method).filter(([, method]) => method.methodKind === "unary");
}
