import { groupConverters } from "../../src/api/group-snapshot/converters.ts";
import { throwAwayApi } from "../../src/testing/cluster.ts";
import { missingKinds } from "../conformance/missing-kinds.ts";

missingKinds("the embedded server", () => throwAwayApi({ converters: groupConverters }));
