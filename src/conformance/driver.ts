import type { Csi, CsiServices } from "../csi/client.ts";
import { Controller, GroupController, Identity, Node } from "../csi/gen/csi_pb.js";
import { type CsiCall, type Service, unaryMethods } from "../csi/service.ts";

/** The driver under test. Each call has the limit and the secrets that all of them have. */
export type Driver = { readonly [Name in keyof CsiServices]: Bound<CsiServices[Name]> };

type Bound<Calls> = {
  readonly [Name in keyof Calls]: Calls[Name] extends (request: infer Request, call: CsiCall) => infer Answer
    ? (request: Request) => Answer
    : never;
};

export type Secrets = Readonly<Record<string, string>>;

/**
 * One set of secrets goes with every call that takes some: their keys are unique across all calls of a driver (CSI spec
 * "Secrets Requirements").
 */
export function driverOf(csi: Csi, options: { readonly call: CsiCall; readonly secrets: Secrets }): Driver {
  return {
    identity: bound(csi.identity, Identity, options),
    controller: bound(csi.controller, Controller, options),
    groupController: bound(csi.groupController, GroupController, options),
    node: bound(csi.node, Node, options),
  };
}

function bound<Calls extends object>(
  calls: Calls,
  service: Service,
  { call, secrets }: { readonly call: CsiCall; readonly secrets: Secrets },
): Bound<Calls> {
  const untyped = calls as Readonly<Record<string, (request: object, call: CsiCall) => Promise<object>>>; // by name here
  const each = unaryMethods(service).map(([name, method]) => {
    const takesSecrets = method.input.fields.some(({ localName }) => localName === "secrets");
    const given = takesSecrets ? { secrets } : {};
    return [name, (request: object) => untyped[name]?.({ ...given, ...request }, call)];
  });
  return Object.fromEntries(each) as Bound<Calls>; // built from the description that the type is made from
}

/** Controller and node service may be served apart. */
export const joined = (controllers: Csi, node: Csi): Csi => ({
  address: controllers.address,
  losses: controllers.losses,
  identity: controllers.identity,
  controller: controllers.controller,
  groupController: controllers.groupController,
  node: node.node,
  close() {
    controllers.close();
    node.close();
  },
});
