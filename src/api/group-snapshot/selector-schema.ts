import { atomic, fixed, list, mapOfText, object, text } from "../schema.ts";

/** More labels than any selector of claims has a use for; the bounds keep the rules below cheap enough for the API server. */
const expressionLimit = 64;
const valueLimit = 256;
/** Of labels: the key with its prefix, and the value. */
const keyLength = 317;
const valueLength = 63;

const expression = object(
  {
    key: text({ description: "The label that is looked at.", maxLength: keyLength }),
    operator: text({ description: "How it is looked at.", oneOf: ["In", "NotIn", "Exists", "DoesNotExist"] }),
    values: {
      ...list(text({ maxLength: valueLength }), {
        description: "The values that In and NotIn compare the label with; nothing for Exists and DoesNotExist.",
        maxItems: valueLimit,
      }),
      "x-kubernetes-list-type": "atomic",
    },
  },
  {
    required: ["key", "operator"],
    rules: [
      {
        rule: "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
        message: "operators In and NotIn need values: list at least one, or use Exists or DoesNotExist",
      },
      {
        rule: "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || size(self.values) == 0",
        message: "operators Exists and DoesNotExist take no values: remove them, or use In or NotIn",
      },
    ],
  },
);

/** Which claims a group holds. Kubernetes reads an empty selector as "all"; for a group that must be said, so it is refused. */
export const selectorSchema = atomic(
  object(
    {
      matchLabels: mapOfText({
        description: "Labels that a claim must have, each with this value.",
        maxProperties: expressionLimit,
        maxLength: valueLength,
      }),
      matchExpressions: {
        ...list(expression, {
          description: "Requirements that a claim must meet, every one of them.",
          maxItems: expressionLimit,
        }),
        "x-kubernetes-list-type": "atomic",
      },
    },
    {
      description: "Selects the claims, in the same namespace, whose volumes are snapshotted together.",
      rules: [
        {
          rule:
            "(has(self.matchLabels) && size(self.matchLabels) > 0) || " +
            "(has(self.matchExpressions) && size(self.matchExpressions) > 0)",
          message:
            "source.selector must have matchLabels or matchExpressions: an empty selector would take every claim of " +
            "the namespace; name the labels of the claims to snapshot together",
        },
        fixed("source.selector"),
      ],
    },
  ),
);
