import { expect, test } from "vitest";
import { fromGoFlags } from "./go-flags.ts";

test.each([
  { given: ["-csi-address=/run/csi.sock"], reads: ["--csi-address=/run/csi.sock"] },
  { given: ["-csi-address", "/run/csi.sock"], reads: ["--csi-address", "/run/csi.sock"] },
  { given: ["-v=5"], reads: ["-v", "5"] },
  { given: ["-v", "5"], reads: ["-v", "5"] },
  { given: ["--leader-election=false"], reads: ["--leader-election=false"] },
  { given: ["verify", "write", "--", "-odd=name"], reads: ["verify", "write", "--", "-odd=name"] },
  { given: ["-kubeconfig=a=b"], reads: ["--kubeconfig=a=b"] },
])("reads $given as $reads", ({ given, reads }) => {
  expect(fromGoFlags(given)).toEqual(reads);
});
