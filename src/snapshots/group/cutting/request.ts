import { groupDeletionSecretName, groupDeletionSecretNamespace } from "../../../api/annotations.ts";
import {
  createMetadataOf,
  isProblem,
  type Problem,
  parseClassParameters,
  type SecretAt,
  type SecretContext,
  type SecretUse,
  secretOf,
} from "../../../api/class-parameters.ts";
import type { GroupSnapshotClass, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";

/** What a call to the driver carries beside the handles. */
export interface Terms {
  readonly parameters: Readonly<Record<string, string>>;
  readonly secret: SecretAt | undefined;
}

/** The terms of the call that cuts. A class that is gone leaves the secret that the content remembers, and no parameters. */
export function termsOfCut(
  content: GroupSnapshotContent,
  groupClass: GroupSnapshotClass | undefined,
  options: { readonly extraCreateMetadata: boolean } = { extraCreateMetadata: false },
): Terms | Problem {
  if (!groupClass) return { parameters: {}, secret: deletionSecretOf(content) };
  const terms = termsOf(content, groupClass, "groupSnapshotter");
  if (isProblem(terms) || !options.extraCreateMetadata) return terms;
  return { ...terms, parameters: { ...terms.parameters, ...createMetadataOf(contextOf(content)) } };
}

/** The terms of the call that asks for a group snapshot by its handle. */
export function termsOfAsking(
  content: GroupSnapshotContent,
  groupClass: GroupSnapshotClass | undefined,
): Terms | Problem {
  return groupClass ? termsOf(content, groupClass, "groupSnapshotterGet") : { parameters: {}, secret: undefined };
}

/** The secret of the call that deletes, as it was written on the content when that was made. */
export function deletionSecretOf({ metadata }: GroupSnapshotContent): SecretAt | undefined {
  const name = metadata.annotations?.[groupDeletionSecretName];
  const namespace = metadata.annotations?.[groupDeletionSecretNamespace];
  return name && namespace ? { name, namespace } : undefined;
}

function termsOf(content: GroupSnapshotContent, groupClass: GroupSnapshotClass, use: SecretUse): Terms | Problem {
  const parsed = parseClassParameters(groupClass.parameters);
  if (isProblem(parsed)) return parsed;
  const template = parsed.secrets[use];
  const secret = template && secretOf(template, contextOf(content));
  if (secret && isProblem(secret)) return secret;
  return { parameters: parsed.forDriver, secret };
}

function contextOf(content: GroupSnapshotContent): SecretContext {
  const { name = "", namespace = "" } = content.spec.volumeGroupSnapshotRef;
  return { kind: "volumegroupsnapshot", contentName: content.metadata.name, snapshot: { name, namespace } };
}
