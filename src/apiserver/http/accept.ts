import { protobufType } from "../protobuf/protobuf.ts";
import { notAcceptable } from "../status.ts";

/** What a client wants an answer to look like. */
export interface Wanted {
  readonly format: "json" | "yaml" | "protobuf";
  readonly as: "object" | "table" | "metadata";
}

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** More types than any client lists; the header comes from outside. */
const typesLimit = 32;

/**
 * The first of the client's media types that we can make. Protobuf comes last, whatever the client's order: objects are kept
 * as JSON, and every client that reads protobuf beside JSON reads JSON as well.
 *
 * @param isCustom custom resources have no messages: in protobuf there is their metadata alone
 * @throws Failure (406) if there is none
 */
export function negotiated(accept: string | undefined, isCustom: boolean): Wanted {
  if (!accept) return { format: "json", as: "object" };
  const possible = mediaTypes(accept).flatMap((type) => wantedOf(type) ?? []);
  const wanted =
    possible.find(({ format }) => format !== "protobuf") ?? possible.find(({ as }) => as === "metadata" || !isCustom);
  if (!wanted) throw notAcceptable(isCustom);
  return wanted;
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
  [protobufType]: "protobuf",
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
  if (
    !as ||
    (as === "table" && format === "protobuf") ||
    parameters.get("g") !== "meta.k8s.io" ||
    parameters.get("v") !== "v1"
  )
    return undefined;
  return { format, as };
}
