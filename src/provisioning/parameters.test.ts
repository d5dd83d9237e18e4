import { expect, test } from "vitest";
import { parametersFor } from "./parameters.ts";

const claim = { volumeName: "pvc-1", namespace: "shop", name: "data", annotations: { "example.com/key": "gold" } };
const secret = (use: string, name: string, namespace: string) => ({
  [`csi.storage.k8s.io/${use}-secret-name`]: name,
  [`csi.storage.k8s.io/${use}-secret-namespace`]: namespace,
});

test("keeps what is meant for us from the driver", () => {
  const all = { kind: "ssd", "csi.storage.k8s.io/fstype": "ext4", ...secret("node-stage", "stage", "vault") };
  expect(parametersFor(all, claim)).toEqual({
    forDriver: { kind: "ssd" },
    fsType: "ext4",
    secrets: { nodeStage: { name: "stage", namespace: "vault" } },
  });
});

test("fills claim, namespace, volume and annotations into the names of a class's secrets", () => {
  const all = {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are Kubernetes' placeholders
    ...secret("provisioner", "${pvc.name}-key", "${pvc.namespace}"),
    ...secret("node-publish", "${pvc.annotations['example.com/key']}", "${pv.name}"),
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: these are Kubernetes' placeholders
  };
  expect(parametersFor(all, claim)).toMatchObject({
    secrets: {
      provisioner: { name: "data-key", namespace: "shop" },
      nodePublish: { name: "gold", namespace: "pvc-1" },
    },
  });
});

test.each([
  ["one half of a secret", { "csi.storage.k8s.io/provisioner-secret-name": "key" }, /set both or none/],
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are Kubernetes' placeholders
  [
    "a placeholder that is none",
    secret("provisioner", "${pod.name}", "vault"),
    /placeholder \$\{pod.name\}: use pv.name/,
  ],
  ["a claim's name as a namespace", secret("node-stage", "key", "${pvc.name}"), /placeholder \$\{pvc.name\}/],
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: these are Kubernetes' placeholders
  ["a name no object can have", secret("provisioner", "No Name", "vault"), /becomes "No Name"/],
])("refuses a class with %s", (_, parameters, problem) => {
  expect(parametersFor(parameters, claim)).toEqual({ problem: expect.stringMatching(problem) });
});
