import type { User } from "../auth/authenticate.ts";
import type { HttpRequest } from "./body.ts";
import type { HttpResponse } from "./respond.ts";
import type { ResourcePath } from "./route.ts";

/** A request for a resource, with everything the verbs may need of it. */
export interface ResourceRequest {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly path: ResourcePath;
  readonly query: URLSearchParams;
  readonly user: User;
  /** A signal that is aborted when the client is gone or the server closes; made for watches only. */
  readonly left: () => AbortSignal;
}
