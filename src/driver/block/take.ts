import { constants } from "node:fs";
import { copyFile } from "node:fs/promises";
import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import type { Limiter } from "../../lib/limit.ts";
import { syncFolders } from "../sync-folders.ts";
import type { TakenCut } from "./block-engine.ts";
import type { Image, ImageOpener } from "./image.ts";
import { MemberCut } from "./member-cut.ts";
import type { Volume } from "./volume.ts";

/** Gates are closed for microseconds; where a write hangs in the disk, the others are not held longer than this. */
const holdLimitMs = 2_000;

export interface Taking {
  readonly opener: ImageOpener;
  readonly clock: Clock;
  readonly background: Limiter;
  readonly signal: AbortSignal;
}

export interface Member {
  readonly volume: Volume;
  /** Path of the file to make. */
  readonly target: string;
}

/**
 * Takes a cut by copying: targets are made before the gates close, the members' cuts begin in one synchronous step, and
 * all bytes are brought over while the volumes go on.
 */
export async function takeByCopy(members: readonly Member[], taking: Taking): Promise<TakenCut> {
  const copies: Copy[] = [];
  try {
    for (const { volume, target } of members) {
      const image = await taking.opener.create(target, volume.sizeBytes);
      copies.push({ volume, target: image, cut: new MemberCut(volume.image, image, taking.background) });
    }
    const takenAt = await behindGates(members, taking.clock, async () => {
      for (const { volume, cut } of copies) volume.addCut(cut);
    });
    return { takenAt, copied: finish(copies, taking.signal) };
  } catch (error) {
    await Promise.all(copies.map(({ target }) => target.close()));
    throw error;
  }
}

interface Copy extends Omit<Member, "target"> {
  readonly target: Image;
  readonly cut: MemberCut;
}

async function finish(copies: readonly Copy[], signal: AbortSignal): Promise<void> {
  const copying = copies.map(async ({ cut }) => {
    try {
      await cut.copyAll(signal);
    } catch (error) {
      for (const other of copies) other.cut.fail(error); // half a cut is of no use to anyone
      throw error;
    }
  });
  const results = await Promise.allSettled(copying);
  for (const { volume, cut } of copies) volume.removeCut(cut);
  await Promise.all(copies.map(({ target }) => target.close()));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  await syncFolders(copies.map(({ target }) => target.path));
}

/** Takes a cut where the filesystem shares blocks between files: all clones are made while the gates are closed. */
export async function takeByReflink(members: readonly Member[], taking: Taking): Promise<TakenCut> {
  await Promise.all(members.map(({ volume }) => volume.flush())); // else the clone writes it out, gates closed
  const takenAt = await behindGates(members, taking.clock, async () => {
    const mode = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
    const clones = await Promise.allSettled(
      members.map(({ volume, target }) => copyFile(volume.image.path, target, mode)),
    );
    for (const clone of clones) if (clone.status === "rejected") throw clone.reason;
  });
  return { takenAt, copied: settle(members, taking.opener) };
}

async function settle(members: readonly Member[], opener: ImageOpener): Promise<void> {
  const syncing = members.map(async ({ target }) => {
    const image = await opener.open(target);
    try {
      await image.sync();
    } finally {
      await image.close();
    }
  });
  for (const result of await Promise.allSettled(syncing)) if (result.status === "rejected") throw result.reason;
  await syncFolders(members.map(({ target }) => target));
}

/** @returns the instant at which no member had a change under way */
async function behindGates(members: readonly Member[], clock: Clock, cut: () => Promise<void>): Promise<Date> {
  const opened = new AbortController();
  const tooLong = clock.sleep(holdLimitMs, opened.signal).then(() => {
    throw new Failure("busy", `writes under way did not end within ${holdLimitMs} ms; the disk hangs, try again later`);
  });
  try {
    await Promise.race([Promise.all(members.map(({ volume }) => volume.closeGate())), tooLong]);
    const takenAt = clock.now();
    await cut();
    return takenAt;
  } finally {
    for (const { volume } of members) volume.openGate();
    opened.abort();
    tooLong.catch(() => undefined); // it ended because the gates were opened
  }
}
