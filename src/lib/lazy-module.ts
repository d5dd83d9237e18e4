/**
 * The exports of a module that was imported when needed: `exportsOf(await import("yaml"))`.
 *
 * A bundler puts the exports of a CommonJS package under `default` alone, where Node finds them by name as well.
 */
export function exportsOf<T extends object>(module: T): T {
  const isBundled = Object.keys(module).every((name) => name === "default" || name === "module.exports");
  const inner = (module as { readonly default?: T }).default; // absent unless the package has one
  return isBundled && inner ? inner : module;
}
