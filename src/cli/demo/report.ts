import { styleText } from "node:util";
import type { Clock } from "../../lib/clock.ts";

/** Tells the walk as it happens: lines for people, or with `--json` the same as lines of JSON. */
export interface Report {
  /** Runs one step and says what it showed, when, and how long it took. A failing step is said too, then thrown on. */
  step<T>(title: string, work: () => Promise<T>, told: (result: T) => string): Promise<T>;
  /** The last line. */
  end(outcome: { readonly ok: boolean; readonly message?: string }): void;
}

export function reporter(options: {
  readonly json: boolean;
  readonly clock: Clock;
  readonly out: NodeJS.WritableStream;
}): Report {
  const { clock } = options;
  const startMs = clock.monotonicMs();
  const write = options.json ? jsonLines(options.out) : lines(options.out);
  return {
    async step(title, work, told) {
      const stepMs = clock.monotonicMs();
      const times = () => ({ atMs: Math.round(stepMs - startMs), tookMs: Math.round(clock.monotonicMs() - stepMs) });
      try {
        const result = await work();
        write.step({ step: title, ok: true, detail: told(result), ...times() });
        return result;
      } catch (error) {
        write.step({
          step: title,
          ok: false,
          detail: error instanceof Error ? error.message : String(error),
          ...times(),
        });
        throw error;
      }
    },
    end({ ok, message }) {
      const seconds = ((clock.monotonicMs() - startMs) / 1000).toFixed(1);
      write.end({ demo: ok ? "ok" : "failed", seconds: Number(seconds), ...(message ? { message } : {}) });
    },
  };
}

interface StepTold {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly atMs: number;
  readonly tookMs: number;
}

interface EndTold {
  readonly demo: "ok" | "failed";
  readonly seconds: number;
  readonly message?: string;
}

const jsonLines = (out: NodeJS.WritableStream) => ({
  step: (told: StepTold) => out.write(`${JSON.stringify(told)}\n`),
  end: (told: EndTold) => out.write(`${JSON.stringify(told)}\n`),
});

const lines = (out: NodeJS.WritableStream) => ({
  step(told: StepTold) {
    const mark = told.ok ? styleText("green", "✓") : styleText("red", "✗");
    const time = styleText("dim", `${(told.atMs / 1000).toFixed(1).padStart(5)} s`);
    const detail = told.detail
      .split("\n")
      .map((line) => `            ${line}\n`)
      .join("");
    out.write(`${time}  ${mark} ${told.step} ${styleText("dim", `(${told.tookMs} ms)`)}\n${detail}`);
  },
  end(told: EndTold) {
    out.write(`demo: ${told.demo} in ${told.seconds} s${told.message ? `: ${told.message}` : ""}\n`);
  },
});
