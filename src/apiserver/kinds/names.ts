/** The syntax rules Kubernetes has for names, labels and annotations. Each `…Problem` says what is wrong, or undefined. */

/** RFC 1123: what a DNS label may be long. */
const labelLimit = 63;
/** RFC 1123: what a whole DNS name may be long. */
const subdomainLimit = 253;
/** All annotations of one object together, keys and values: the limit etcd-backed clusters hold, so objects move freely. */
const annotationsLimitBytes = 256 * 1024;

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const dns1035Label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** How objects of a kind may be named. */
export type NameRule = (name: string) => string | undefined;

const tooLong = (limit: number) => `must be no more than ${limit} characters`;

export const dnsLabelProblem: NameRule = (name) => {
  if (name.length > labelLimit) return tooLong(labelLimit);
  if (dnsLabel.test(name)) return undefined;
  return (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
    "an alphanumeric character (e.g. 'my-name', or '123-abc')"
  );
};

export const dnsSubdomainProblem: NameRule = (name) => {
  if (name.length > subdomainLimit) return tooLong(subdomainLimit);
  if (dnsSubdomain.test(name)) return undefined;
  return (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
    "end with an alphanumeric character (e.g. 'example.com')"
  );
};

/** Plural and singular names of custom resources, and their short names. */
export const dns1035LabelProblem: NameRule = (name) => {
  if (name.length > labelLimit) return tooLong(labelLimit);
  if (dns1035Label.test(name)) return undefined;
  return (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
    "end with an alphanumeric character (e.g. 'my-name', or 'abc-123')"
  );
};

/** RBAC objects and others whose name only has to fit in a path. */
export const pathSegmentProblem: NameRule = (name) => {
  if (name === "." || name === "..") return `may not be '${name}'`;
  if (/[/%]/.test(name)) return "may not contain '/' or '%'";
  return undefined;
};

/** Keys of labels and annotations, finalizers: a name, with a DNS prefix in front if there is a slash. */
export function qualifiedNameProblem(key: string): string | undefined {
  const slash = key.indexOf("/");
  const name = slash < 0 ? key : key.slice(slash + 1);
  if (slash === 0) return "prefix part must be non-empty";
  if (slash > 0) {
    const problem = dnsSubdomainProblem(key.slice(0, slash));
    if (problem) return `prefix part ${problem}`;
  }
  if (name === "") return "name part must be non-empty";
  if (name.length > labelLimit) return `name part ${tooLong(labelLimit)}`;
  if (qualifiedName.test(name)) return undefined;
  return (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
    "character (e.g. 'MyName', or 'my.name', or '123-abc')"
  );
}

export function labelValueProblem(value: string): string | undefined {
  if (value.length > labelLimit) return tooLong(labelLimit);
  if (labelValue.test(value)) return undefined;
  return (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
    "with an alphanumeric character (e.g. 'MyValue', or 'my_value', or '12345')"
  );
}

export function annotationsProblem(annotations: Readonly<Record<string, unknown>>): string | undefined {
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(annotations))
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  return sizeBytes > annotationsLimitBytes ? `may not be more than ${annotationsLimitBytes} bytes` : undefined;
}
