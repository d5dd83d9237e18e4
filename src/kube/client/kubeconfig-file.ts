import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { Failure } from "../../lib/failure.ts";

/** Kubeconfigs of hundreds of clusters stay far below this. */
const fileLimitBytes = 8 << 20;

/** One or several kubeconfig files, merged. */
export interface Kubeconfig {
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Section>;
  readonly contexts: ReadonlyMap<string, Section>;
  readonly users: ReadonlyMap<string, Section>;
}

/** One cluster, context or user: typed access to its fields, with messages that say where they stand. */
export interface Section {
  /** `FILE: cluster "prod"`, the beginning of every message about it. */
  readonly name: string;
  /** @throws Failure "invalid" if the field is not text */
  text(field: string): string | undefined;
  flag(field: string): boolean;
  texts(field: string): readonly string[];
  section(field: string): Section | undefined;
  sections(field: string): readonly Section[];
  /** The path in `field`, against the folder of the file. */
  path(field: string): string | undefined;
  /** `FIELD-data` decoded, or else the content of the file that `FIELD` names. */
  dataOrFile(field: string): string | undefined;
}

/** @throws Failure "notFound" or "invalid"; never with any of the file's content, which holds secrets */
export function readKubeconfig(file: string): Kubeconfig {
  const document = parseDocument(readText(file, `the kubeconfig ${file}`), { prettyErrors: false, logLevel: "silent" });
  const error = document.errors[0];
  if (error) throw new Failure("invalid", `${file} is not valid YAML (${error.code} at character ${error.pos[0]})`);
  const root: unknown = document.toJS() ?? {};
  if (!isRecord(root))
    throw new Failure("invalid", `${file} is not a kubeconfig: it must be a mapping with kind: Config`);
  const whole = sectionOf(root, file, file);
  return {
    files: [file],
    currentContext: whole.text("current-context") || undefined,
    clusters: named(whole, "cluster"),
    contexts: named(whole, "context"),
    users: named(whole, "user"),
  };
}

/** As kubectl merges: the first file to name an entry, or the current context, wins. */
export function mergeKubeconfigs(all: readonly Kubeconfig[]): Kubeconfig {
  const merge = (pick: (one: Kubeconfig) => ReadonlyMap<string, Section>) =>
    new Map([...all].reverse().flatMap((one) => [...pick(one)]));
  return {
    files: all.flatMap((one) => one.files),
    currentContext: all.find((one) => one.currentContext)?.currentContext,
    clusters: merge((one) => one.clusters),
    contexts: merge((one) => one.contexts),
    users: merge((one) => one.users),
  };
}

/** `clusters: [{name, cluster: {...}}]` by name; the first of two with one name wins. */
function named(whole: Section, kind: string): ReadonlyMap<string, Section> {
  const entries = new Map<string, Section>();
  for (const item of whole.sections(`${kind}s`)) {
    const name = item.text("name");
    if (!name) throw new Failure("invalid", `${item.name} has no name`);
    if (!entries.has(name))
      entries.set(name, item.section(kind) ?? sectionOf({}, `${whole.name}: ${kind} "${name}"`, whole.name));
  }
  return entries;
}

function sectionOf(fields: Record<string, unknown>, name: string, file: string): Section {
  const wrong = (field: string, must: string) => new Failure("invalid", `${name}: ${field} must be ${must}`);
  const text = (field: string): string | undefined => {
    const value = fields[field] ?? undefined;
    if (value !== undefined && typeof value !== "string") throw wrong(field, "text");
    return value;
  };
  const list = (field: string): readonly unknown[] => {
    const value = fields[field] ?? [];
    if (!Array.isArray(value)) throw wrong(field, "a list");
    return value;
  };
  const path = (field: string) => {
    const value = text(field);
    return value ? resolve(dirname(file), value) : undefined;
  };
  return {
    name,
    text,
    path,
    flag: (field) => fields[field] === true,
    texts: (field) =>
      list(field).map((item) => {
        if (typeof item !== "string") throw wrong(field, "a list of texts");
        return item;
      }),
    section: (field) => {
      const value = fields[field] ?? undefined;
      if (value !== undefined && !isRecord(value)) throw wrong(field, "a mapping");
      const title = typeof fields.name === "string" ? `${file}: ${field} "${fields.name}"` : `${name}: ${field}`;
      return value && sectionOf(value, title, file);
    },
    sections: (field) =>
      list(field).map((item, i) => {
        if (!isRecord(item)) throw wrong(field, "a list of mappings");
        return sectionOf(item, `${name}: ${field}[${i}]`, file);
      }),
    dataOrFile: (field) => {
      const data = text(`${field}-data`);
      if (data) return decoded(data, () => wrong(`${field}-data`, "base64"));
      const source = path(field);
      return source && readText(source, `${name}: ${field}: the file ${source}`);
    },
  };
}

function decoded(base64: string, failure: () => Failure): string {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64)) throw failure();
  return Buffer.from(base64, "base64").toString("utf8");
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function readText(path: string, what: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > fileLimitBytes) throw new Failure("tooLarge", `${what} is larger than ${fileLimitBytes} bytes`);
    return bytes.toString("utf8");
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (reason === "ENOENT") throw new Failure("notFound", `${what} does not exist: create it, or name another one`);
    throw new Failure("invalid", `${what} cannot be read (${reason})`);
  }
}
