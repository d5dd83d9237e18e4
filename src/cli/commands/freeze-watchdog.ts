import { Command } from "commander";

/** Started by the driver, never by hand: thaws filesystems if the driver cannot. */
export const freezeWatchdogCommand = () =>
  new Command("freeze-watchdog").description("(started by the driver)").action(async () => {
    const { startFreezeWatchdog } = await import("../../processes/freeze-watchdog.ts");
    await startFreezeWatchdog();
  });
