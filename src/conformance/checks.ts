import type { Check } from "./check.ts";
import { answering } from "./checks/answering.ts";
import { capabilities } from "./checks/capabilities.ts";
import { deleting } from "./checks/deleting.ts";
import { failing } from "./checks/failing.ts";
import { getting } from "./checks/getting.ts";
import { listing } from "./checks/listing.ts";
import { refusing } from "./checks/refusing.ts";
import { repeating } from "./checks/repeating.ts";
import { restoring } from "./checks/restoring.ts";
import { order } from "./order/order.ts";

/** All checks, in the order in which they are made: what others rely on first, what takes long last. */
export const checks: readonly Check[] = [
  capabilities,
  ...answering,
  ...repeating,
  ...failing,
  ...refusing,
  ...getting,
  ...listing,
  ...deleting,
  ...restoring,
  order,
];
