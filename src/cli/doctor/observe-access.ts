import { type Permission, permissions } from "../../api/permissions.ts";
import type { Client } from "../../kube/client/client.ts";
import type { Looking } from "./looking.ts";
import type { AccessSeen, PodSeen } from "./observed.ts";
import { processesIn } from "./processes.ts";

/** Asks the API server whether the service accounts that run our processes may do what these do. */
export async function observeAccess(pods: readonly PodSeen[], looking: Looking): Promise<readonly AccessSeen[]> {
  const runs = processesIn(pods).filter(({ by }) => by === "groupsnap");
  const wanted = new Map(
    runs.map(({ pod, process }) => {
      const account = {
        namespace: pod.metadata.namespace ?? "default",
        name: pod.spec.serviceAccountName ?? "default",
      };
      return [`${process} ${account.namespace}/${account.name}`, { process, account }] as const;
    }),
  );
  const seen: AccessSeen[] = [];
  for (const { process, account } of wanted.values()) {
    const user = `system:serviceaccount:${account.namespace}:${account.name}`;
    const questions = permissions[process].cluster.flatMap((permission) => questionsOf(permission));
    const answers = await Promise.all(questions.map((question) => mayNot(looking, user, question)));
    seen.push({ process, account: `${account.namespace}/${account.name}`, missing: answers.flat() });
  }
  return seen;
}

interface Question {
  readonly words: string;
  readonly resourceAttributes: Readonly<Record<string, string>>;
}

function questionsOf({ on, subresource, verbs, names }: Permission): readonly Question[] {
  return verbs.map((verb) => ({
    words: `${verb} ${on.plural}${subresource ? `/${subresource}` : ""}`,
    resourceAttributes: {
      verb,
      group: on.group,
      resource: on.plural,
      ...(subresource && { subresource }),
      ...(names?.[0] && { name: names[0] }),
    },
  }));
}

/** Whoever may not ask this gets no answer: nothing is known to be missing then. */
async function mayNot({ client, signal }: Looking, user: string, question: Question): Promise<readonly string[]> {
  const answer = await review(client, user, question, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    return undefined;
  });
  return answer?.status?.allowed === false ? [question.words] : [];
}

interface Review {
  readonly status?: { readonly allowed?: boolean };
}

async function review(client: Client, user: string, question: Question, signal: AbortSignal): Promise<Review> {
  const answer = await client.raw({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user, resourceAttributes: { ...question.resourceAttributes } },
    },
    signal,
  });
  return answer as Review; // by the API server
}
