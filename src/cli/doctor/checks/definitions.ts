import { crds } from "../../../api/crds.ts";
import { groupClasses, groupSnapshotGroup } from "../../../api/group-snapshot/resources.ts";
import { type Finding, nameOf } from "../finding.ts";
import type { DefinitionSeen, Observed } from "../observed.ts";

/** The version that our processes speak, of each kind. */
const spoken = "v1";
/** Versions whose objects look like those of v1, so that nothing is lost without conversion. */
const alike: ReadonlySet<string> = new Set(["v1", "v1beta2"]);

const apply = "apply deploy/kustomize/crds, or upgrade the Helm release";

/** What is wrong with the definitions of the snapshot kinds. */
export function checkDefinitions({ definitions, server }: Observed): readonly Finding[] {
  if (definitions.trouble !== undefined) return [];
  return crds.flatMap(({ metadata: { name } }) => {
    const found = definitions.items.find(({ metadata }) => metadata.name === name);
    if (!found) return [missing(name, "it is not there, so nothing of its kind can be made")];
    const isGoing = found.metadata.deletionTimestamp !== undefined;
    return isGoing
      ? [missing(name, "it is being deleted, and every object of its kind with it")]
      : checkOne(found, convertsItself(server));
  });
}

const missing = (name: string, what: string): Finding => ({
  severity: "error",
  reason: "DefinitionMissing",
  on: `CustomResourceDefinition ${name}`,
  what,
  mend: apply,
});

/** Our own API server converts the group kinds by itself. */
const convertsItself = (server: string) => server.endsWith("+groupsnap");

function checkOne(definition: DefinitionSeen, isConverted: boolean): readonly Finding[] {
  const on = nameOf(definition, "CustomResourceDefinition");
  const { versions, conversion } = definition.spec;
  const served = versions.filter((version) => version.served).map(({ name }) => name);
  const broken = definition.status?.conditions?.find(
    ({ type, status }) => (type === "Established" || type === "NamesAccepted") && status === "False",
  );
  const findings: Finding[] = [];
  if (broken)
    findings.push({
      severity: "error",
      reason: "DefinitionNotEstablished",
      on,
      what: `the API server does not serve it: ${broken.message ?? broken.reason ?? "it does not say why"}`,
      mend: "remove the definition that it collides with, or its reason as the condition gives it",
    });
  if (!served.includes(spoken))
    findings.push({
      severity: "error",
      reason: "VersionNotServed",
      on,
      what: `it serves ${served.join(", ") || "no version"}, and not ${spoken}, which groupsnap speaks`,
      mend: apply,
    });
  const lossy = served.filter((name) => !alike.has(name));
  const converts = isConverted || conversion?.strategy === "Webhook";
  if (differs(definition) && lossy.length > 0 && served.length > 1 && !converts)
    findings.push({
      severity: "error",
      reason: "ConversionMissing",
      on,
      what: `${lossy.join(" and ")} differ from ${spoken}, and nobody converts them: fields are lost without a word`,
      mend: "run `groupsnap webhook`; it points the definitions at itself",
    });
  return findings;
}

/** Classes look alike in every version, and so does every VolumeSnapshot. */
const differs = ({ spec }: DefinitionSeen) =>
  spec.group === groupSnapshotGroup && spec.names.plural !== groupClasses.plural;
