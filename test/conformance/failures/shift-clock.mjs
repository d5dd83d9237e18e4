// Loaded into a process before its program: `node --import file:///…/shift-clock.mjs?by=FILE`. Its wall clock is off by as many
// milliseconds as the file says, whenever it is looked at. Timers and the monotonic clock go on, as when somebody sets a clock.
import { readFileSync } from "node:fs";

const file = new URL(import.meta.url).searchParams.get("by") ?? "";
const RealDate = Date;
const now = () => RealDate.now() + Number(readFileSync(file, "utf8"));

globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [now()] : given));
  }
  static now() {
    return now();
  }
};
