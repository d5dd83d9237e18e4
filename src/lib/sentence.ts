/** What users read begins with a capital letter, as Kubernetes' own texts do; names of fields and drivers stay as they are. */
export function sentence(message: string): string {
  return message.replace(/^[a-z](?=[a-z]* )/, (first) => first.toUpperCase());
}
