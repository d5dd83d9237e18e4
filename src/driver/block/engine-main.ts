import { runBlockEngine } from "./engine.ts";

/** The engine's process where the built program is not there: in tests, and when run from source. */
await runBlockEngine();
