import type { Json, JsonObject } from "../../lib/json.ts";

/** How a message looks in JSON whose JSON form is not an object with its fields. */
export interface JsonForm {
  /** Undefined for a message that stands for nothing, such as an empty time. @throws RangeError */
  fold(message: JsonObject): Json | undefined;
  /** Undefined for a value that the message cannot hold. */
  unfold(value: Json): JsonObject | undefined;
}

export const jsonForms: Readonly<Record<string, JsonForm>> = {
  Time: timeForm(0),
  MicroTime: timeForm(6),
  Quantity: {
    fold: ({ string }) => string || "0",
    unfold: (value) => (isScalar(value) ? { string: String(value) } : undefined),
  },
  IntOrString: {
    fold: ({ type, intVal, strVal }) => (type === 1 ? (strVal ?? "") : (intVal ?? 0)),
    unfold: (value) => {
      if (typeof value === "string") return { type: 1, intVal: 0, strVal: value };
      return typeof value === "number" ? { type: 0, intVal: value, strVal: "" } : undefined;
    },
  },
  ExtraValue: {
    fold: ({ items }) => items ?? [],
    unfold: (value) => (Array.isArray(value) ? { items: value } : undefined),
  },
  FieldsV1: { fold: ({ raw }) => raw, unfold: (raw) => ({ raw }) },
  JSON: { fold: ({ raw }) => raw, unfold: (raw) => ({ raw }) },
  JSONSchemaPropsOrArray: {
    fold: ({ schema, jSONSchemas }) => jSONSchemas ?? schema,
    unfold: (value) =>
      Array.isArray(value) ? { jSONSchemas: value } : isObject(value) ? { schema: value } : undefined,
  },
  JSONSchemaPropsOrBool: {
    fold: ({ schema, allows }) => schema ?? allows ?? false,
    unfold: (value) => {
      if (typeof value === "boolean") return { allows: value };
      return isObject(value) ? { allows: true, schema: value } : undefined;
    },
  },
  JSONSchemaPropsOrStringArray: {
    fold: ({ schema, property }) => schema ?? property ?? [],
    unfold: (value) => (Array.isArray(value) ? { property: value } : isObject(value) ? { schema: value } : undefined),
  },
};

const isScalar = (value: Json) => typeof value === "string" || typeof value === "number" || typeof value === "bigint";

const isObject = (value: Json) => typeof value === "object" && value !== null && !Array.isArray(value);

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/i;

/** Seconds and nanoseconds as RFC 3339 with so many digits after the second. */
function timeForm(digits: number): JsonForm {
  return {
    fold: ({ seconds, nanos }) => {
      if (seconds === undefined && nanos === undefined) return undefined;
      const whole = new Date(Number(seconds ?? 0) * 1000).toISOString(); // RangeError beyond 270,000 years
      if (whole.length !== "2026-01-01T00:00:00.000Z".length) throw new RangeError(`${whole} is no time of RFC 3339`);
      const fraction = String(nanos ?? 0).padStart(9, "0");
      return `${whole.slice(0, 19)}${digits > 0 ? `.${fraction.slice(0, digits)}` : ""}Z`;
    },
    unfold: (value) => {
      const [, whole, fraction = "", zone] = rfc3339.exec(typeof value === "string" ? value : "") ?? [];
      const ms = whole === undefined ? Number.NaN : Date.parse(`${whole}${zone}`);
      if (Number.isNaN(ms)) return undefined;
      return { seconds: ms / 1000, nanos: Number(fraction.slice(0, digits).padEnd(9, "0")) };
    },
  };
}
