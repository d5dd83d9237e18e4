import { Command } from "commander";

/** Started by the driver, never by hand: moves the blocks of its volumes in an event loop of their own. */
export const blockEngineCommand = () =>
  new Command("block-engine").description("(started by the driver)").action(async () => {
    const { startBlockEngine } = await import("../../processes/block-engine.ts");
    await startBlockEngine();
  });
