import { expect } from "vitest";
import type { Asked, BothServers } from "./both-servers.ts";

/** Both give the same answers to these steps, and there are some. Owners of fields of what is never stored do not count. */
export async function expectSameAnswers(both: BothServers, steps: (server: Asked) => Promise<unknown>): Promise<void> {
  const answers: unknown[][] = [];
  await both.run(async (server) => {
    const own: unknown[] = [];
    answers.push(own);
    const send: Asked["send"] = async (method, path, options) => {
      const answer = await server.quietly(method, path, options);
      const { status, message, reason, details } = answer.body;
      own.push({ step: `${method} ${path}`, code: answer.code, status, message, reason, details });
      return answer;
    };
    await steps({ send, quietly: server.quietly });
  });
  const [one, other] = answers;
  expect(one?.length).toBeGreaterThan(0);
  expect(one).toEqual(other);
}
