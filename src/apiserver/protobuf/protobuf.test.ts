import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";
import { parseProtobuf, protobufFrame, protobufOf } from "./protobuf.ts";

/** What kubectl 1.37 sends for: create namespace recorded. */
const namespace = "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEiAKGAoIcmVjb3JkZWQSABoAIgAqADIAOABCABIAGgIKABoAIgA=";
/** What kubectl 1.37 sends for: create deployment web --image=nginx:1 --replicas=0 --port=80. */
const deployment =
  "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EsEBCiYKA3dlYhIAGgdkZWZhdWx0IgAqADIAOABCAFoKCgNhcHASA3dlYhKIAQgAEgwKCgoDYXBwEgN3" +
  "ZWIabgocCgASABoAIgAqADIAOABCAFoKCgNhcHASA3dlYhJOEjAKBW5naW54EgduZ2lueDoxKgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAa" +
  "ADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=";

const read = (base64: string) => parseProtobuf(Buffer.from(base64, "base64"));

describe("bodies that kubectl sent", () => {
  test("kubectl's namespace is read as it would be in JSON", () => {
    expect(read(namespace)).toEqual({
      kind: "Namespace",
      apiVersion: "v1",
      metadata: { name: "recorded" },
      spec: {},
      status: {},
    });
  });

  test("kubectl's deployment keeps the zero replicas it asks for and no other zeros", () => {
    const labels = { app: "web" };
    expect(read(deployment)).toEqual({
      kind: "Deployment",
      apiVersion: "apps/v1",
      metadata: { name: "web", namespace: "default", labels },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "nginx", image: "nginx:1", ports: [{ containerPort: 80 }], resources: {} }] },
        },
        strategy: {},
      },
      status: {},
    });
  });

  test("what is written is read as the same object", () => {
    const object = read(deployment);
    expect(parseProtobuf(protobufOf(object))).toEqual(object);
  });
});

describe("lists, metadata and events of watches", () => {
  const item = { metadata: { name: "a", creationTimestamp: "2026-11-22T17:54:06Z" }, data: { a: "1" } };

  test("a list holds its items and its version", () => {
    const list = { kind: "ConfigMapList", apiVersion: "v1", metadata: { resourceVersion: "7" }, items: [item] };
    expect(parseProtobuf(protobufOf(list))).toEqual(list);
  });

  test("the metadata of custom resources can be listed", () => {
    const { data: _data, ...partial } = item;
    const type = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" };
    const list = { ...type, metadata: { resourceVersion: "7" }, items: [partial] };
    expect(parseProtobuf(protobufOf(list))).toEqual(list);
  });

  test("an event of a watch is framed by its length", () => {
    const frame = protobufFrame("ADDED", { kind: "ConfigMap", apiVersion: "v1", ...item });
    expect(frame.readUInt32BE()).toBe(frame.length - 4);
    expect(frame.subarray(4, 11).toString("latin1")).toBe("\n\x05ADDED");
  });

  test("a field whose value the message cannot hold is left out", () => {
    const spec = { containers: [], securityContext: { runAsUser: "root", runAsGroup: 7 } };
    const pod = { kind: "Pod", apiVersion: "v1", metadata: {}, spec };
    expect(parseProtobuf(protobufOf(pod)).spec).toEqual({ securityContext: { runAsGroup: 7 } });
  });
});

/** A body with one message in it, its bytes made by `write`. */
function bodyWith(
  write: (writer: BinaryWriter) => BinaryWriter,
  names = { apiVersion: "v1", kind: "ConfigMap" },
): Buffer {
  const writer = new BinaryWriter();
  writer.tag(1, 2).fork().tag(1, 2).string(names.apiVersion).tag(2, 2).string(names.kind).join();
  return Buffer.concat([Buffer.from("k8s\0"), writer.tag(2, 2).bytes(write(new BinaryWriter()).finish()).finish()]);
}

describe("bodies that cannot be read", () => {
  const whole = Buffer.from(deployment, "base64");
  const nothing = (writer: BinaryWriter) => writer;

  test("every truncation of a body is refused or, at the end of a field, read; none is an error of ours", () => {
    const lengths = Array.from({ length: whole.length - 1 }, (_, length) => length);
    const outcomes = lengths.map((length) => outcomeOf(whole.subarray(0, length)));
    expect(outcomes.filter((outcome) => outcome !== "read" && outcome !== "invalid")).toEqual([]);
    expect(outcomes.filter((outcome) => outcome === "invalid").length).toBeGreaterThan(200);
  });

  test("a body without the mark is refused", () => {
    expect(() => parseProtobuf(Buffer.from("{}"))).toThrow('must begin with the bytes "k8s" and 0');
  });

  test("a kind without a message is refused by its name", () => {
    const custom = { apiVersion: "groupsnap.dev/v1", kind: "Schedule" };
    expect(() => parseProtobuf(bodyWith(nothing, custom))).toThrow('no kind "Schedule" of version "groupsnap.dev/v1"');
    expect(() => parseProtobuf(bodyWith(nothing, { apiVersion: "v1", kind: "" }))).toThrow('no kind ""');
    expect(() => parseProtobuf(bodyWith(nothing, { apiVersion: "v1", kind: "Container" }))).toThrow("no kind");
    expect(() => parseProtobuf(bodyWith(nothing, { apiVersion: "v2", kind: "Pod" }))).toThrow("no kind");
  });

  test("a field of the wrong wire type is refused by its name", () => {
    expect(() => parseProtobuf(bodyWith((writer) => writer.tag(4, 2).string("yes")))).toThrow("field immutable (4)");
  });

  test("text that is not UTF-8 and times that are none are refused", () => {
    const data = (writer: BinaryWriter) =>
      writer
        .tag(2, 2)
        .fork()
        .tag(1, 2)
        .string("a")
        .tag(2, 2)
        .bytes(Buffer.from([0xff]))
        .join();
    expect(() => parseProtobuf(bodyWith(data))).toThrow("not valid protobuf");
    const created = (writer: BinaryWriter) =>
      writer
        .tag(1, 2)
        .fork()
        .tag(8, 2)
        .fork()
        .tag(1, 0)
        .int64(2n ** 60n)
        .join()
        .join();
    expect(() => parseProtobuf(bodyWith(created))).toThrow("not valid protobuf");
  });

  test("messages nested without end are refused", () => {
    const nested = (depth: number): Uint8Array => {
      if (depth === 0) return new Uint8Array();
      return new BinaryWriter()
        .tag(28, 2)
        .bytes(nested(depth - 1))
        .finish(); // JSONSchemaProps.not
    };
    const schema = new BinaryWriter().tag(1, 2).bytes(nested(200)).finish();
    const version = new BinaryWriter().tag(4, 2).bytes(schema).finish();
    const spec = new BinaryWriter().tag(7, 2).bytes(version).finish();
    const names = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
    const body = bodyWith((writer) => writer.tag(2, 2).bytes(spec), names);
    expect(() => parseProtobuf(body)).toThrow("nested more than 100 messages deep");
  });

  test("content that is compressed or of another type is refused", () => {
    const body = (number: number) =>
      Buffer.concat([bodyWith(nothing), new BinaryWriter().tag(number, 2).string("gzip").finish()]);
    expect(() => parseProtobuf(body(3))).toThrow('encoding "gzip"');
    expect(() => parseProtobuf(body(4))).toThrow('of type "gzip"');
  });

  test("fields that are not known are skipped, and keys that are special in JavaScript are not", () => {
    const write = (writer: BinaryWriter) =>
      writer.tag(99, 0).int64(7).tag(2, 2).fork().tag(1, 2).string("__proto__").tag(2, 2).string("x").join();
    const { data } = parseProtobuf(bodyWith(write)) as { data: object };
    expect(Object.entries(data)).toEqual([["__proto__", "x"]]);
  });
});

function outcomeOf(body: Buffer): unknown {
  try {
    parseProtobuf(body);
    return "read";
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}
