import { binaries } from "../binaries.ts";
import { describeApi } from "./run.ts";
import { real } from "./server.ts";

describeApi("a real kube-apiserver", () => real(binaries()), {});
