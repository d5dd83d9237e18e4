import { kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { binaries } from "./binaries.ts";
import { missingKinds } from "./missing-kinds.ts";

missingKinds("kube-apiserver", () => kubeApiserver(binaries()));
