import type { Api } from "./api.ts";

/** One behaviour of a Kubernetes API, as a sentence and a way to see it. */
export interface Case {
  readonly title: string;
  readonly run: (api: Api) => Promise<void>;
}

/** The cases of one topic; its file defines them with `test`, and nothing runs until a server is there. */
export interface Area {
  readonly name: string;
  readonly cases: readonly Case[];
  readonly test: (title: string, run: Case["run"]) => void;
}

export function area(name: string): Area {
  const cases: Case[] = [];
  return { name, cases, test: (title, run) => void cases.push({ title, run }) };
}
