import type { Area } from "./area.ts";
import { discovery } from "./areas/discovery.ts";
import { http } from "./areas/http.ts";
import { lists } from "./areas/lists.ts";
import { openapi } from "./areas/openapi.ts";
import { tables } from "./areas/tables.ts";

/** All that is asked of a Kubernetes API. */
export const areas: readonly Area[] = [http, discovery, openapi, tables, lists];
