import { binaries } from "../binaries.ts";
import { controllers } from "./areas/controllers.ts";
import { describeApi } from "./run.ts";
import { hasControllers, real } from "./server.ts";

describeApi("a real kube-apiserver", {
  start: () => real(binaries()),
  deviations: {},
  without: hasControllers(binaries()) ? [] : [controllers],
});
