/**
 * Command lines in Go's spelling, as manifests for Kubernetes components have them, in the spelling our parser reads:
 * `-csi-address=x` and `-csi-address x` are `--csi-address x`, `-v=5` is `-v 5`, `--leader-election=false` keeps its value.
 * What stands behind `--` is left alone.
 */
export function fromGoFlags(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  const flags = end < 0 ? argv : argv.slice(0, end);
  const rest = end < 0 ? [] : argv.slice(end);
  return [...flags.flatMap(respell), ...rest];
}

const shortWithValue = /^-([a-zA-Z])=(.*)$/s;
const longWithOneDash = /^-([a-zA-Z][\w-]+)(=.*)?$/s;

function respell(argument: string): readonly string[] {
  const short = shortWithValue.exec(argument);
  if (short) return [`-${short[1]}`, short[2] ?? ""];
  return longWithOneDash.test(argument) ? [`-${argument}`] : [argument];
}
