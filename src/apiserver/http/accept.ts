import { notAcceptable } from "../status.ts";

/** What a client wants an answer to look like. */
export interface Wanted {
  readonly format: "json" | "yaml";
  readonly as: "object" | "table" | "metadata";
}

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** More types than any client lists; the header comes from outside. */
const typesLimit = 32;

/** The first of the client's media types that we can make. @throws Failure (406) if there is none */
export function negotiated(accept: string | undefined): Wanted {
  if (!accept) return { format: "json", as: "object" };
  for (const type of mediaTypes(accept)) {
    const wanted = wantedOf(type);
    if (wanted) return wanted;
  }
  throw notAcceptable();
}

/** The media types of a header, in the client's order. */
export function mediaTypes(header: string): readonly MediaType[] {
  return header.split(",", typesLimit).map((part) => {
    const [type = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    const pairs = parameters.map((parameter) => parameter.split("=", 2));
    return { type: type.toLowerCase(), parameters: new Map(pairs.map(([key = "", value = ""]) => [key, value])) };
  });
}

const formats: Readonly<Record<string, Wanted["format"]>> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "application/*": "json",
  "*/*": "json",
};

const shapes: Readonly<Record<string, Wanted["as"]>> = {
  Table: "table",
  PartialObjectMetadata: "metadata",
  PartialObjectMetadataList: "metadata",
};

function wantedOf({ type, parameters }: MediaType): Wanted | undefined {
  const format = formats[type];
  if (!format) return undefined;
  const asked = parameters.get("as");
  if (asked === undefined) return { format, as: "object" };
  const as = shapes[asked];
  if (!as || parameters.get("g") !== "meta.k8s.io" || parameters.get("v") !== "v1") return undefined;
  return { format, as };
}
