import type { Area } from "./area.ts";
import { apply } from "./areas/apply.ts";
import { authentication } from "./areas/authentication.ts";
import { authorization } from "./areas/authorization.ts";
import { controllers } from "./areas/controllers.ts";
import { conversion } from "./areas/conversion.ts";
import { definitions } from "./areas/definitions.ts";
import { deletion } from "./areas/deletion.ts";
import { discovery } from "./areas/discovery.ts";
import { http } from "./areas/http.ts";
import { initialLists } from "./areas/initial-lists.ts";
import { integers } from "./areas/integers.ts";
import { lists } from "./areas/lists.ts";
import { openapi } from "./areas/openapi.ts";
import { patches } from "./areas/patches.ts";
import { protobuf } from "./areas/protobuf.ts";
import { subresources } from "./areas/subresources.ts";
import { tables } from "./areas/tables.ts";
import { validation } from "./areas/validation.ts";
import { watches } from "./areas/watches.ts";
import { writes } from "./areas/writes.ts";

/** All that is asked of a Kubernetes API. */
export const areas: readonly Area[] = [
  apply,
  authentication,
  authorization,
  controllers,
  conversion,
  definitions,
  deletion,
  discovery,
  http,
  initialLists,
  integers,
  lists,
  openapi,
  patches,
  protobuf,
  subresources,
  tables,
  validation,
  watches,
  writes,
];
