import { atomic, list, object, text, texts } from "./fields.ts";

const requirement = object(
  "A condition on one label of the node.",
  {
    key: text("The label."),
    operator: text("In, NotIn, Exists, DoesNotExist, Gt or Lt."),
    values: texts("The values."),
  },
  ["key", "operator"],
);

/** Which nodes can reach a volume. */
export const nodeAffinity = object("Which nodes can reach the volume.", {
  required: atomic(
    object(
      "At least one of the terms must hold.",
      {
        nodeSelectorTerms: list(
          "The terms.",
          atomic(
            object("Conditions that must all hold.", {
              matchExpressions: list("Conditions on labels.", requirement),
              matchFields: list("Conditions on fields.", requirement),
            }),
          ),
        ),
      },
      ["nodeSelectorTerms"],
    ),
  ),
});
