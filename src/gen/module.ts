// SPDX-License-Identifier: MIT
import { BpfObject } from "../bpf/object.js";
import { planStats, schemaOf } from "../source/plan.js";
import type { StatsMap } from "../source/stats_map.js";
import { globalMembers } from "./globals.js";
import { mapMembers } from "./maps.js";
import { moduleName, Names, pascal } from "./name.js";
import { opsTypes } from "./ops.js";
import { companionMembers, programMembers } from "./programs.js";
import { statImports, statsType } from "./statistics.js";
import { code, comment, commentText, literal, typeLiteral } from "./text.js";
import { Types } from "./type.js";

export interface ModuleOptions {
  /** What the module imports the library from, `scxkit` unless given. */
  library?: string | undefined;
  /** Where the object is, relative to the module: what its open function opens unless told otherwise. */
  path?: string | undefined;
  /** Where its statistics are and what they mean, for an object that doesn't tell: that which it will be loaded with. */
  statsMap?: StatsMap | undefined;
  /** Stops the opening. */
  signal?: AbortSignal;
}

/**
 * TypeScript for an object file: the types of its globals, ops, maps, programs, enums and statistics, and a function that
 * opens it with these types. The text depends on the object and the options alone. Needs no privileges, and no sched_ext.
 * @throws ScxError as {@link BpfObject.open} does; ERR_SCX_STATS_META when its statistics are declared wrongly,
 * ERR_SCX_STATS_MAP
 */
export async function generateModule(path: string, options: ModuleOptions = {}): Promise<string> {
  using object = await BpfObject.open(path, { ...(options.signal && { signal: options.signal }) });
  return moduleText(object, options);
}

/** The same of an open object. */
export function moduleText(object: BpfObject, options: ModuleOptions): string {
  const { btf } = object;
  const { globals, maps, ops, programs } = object.describe();
  const found = schemaOf(planStats([{ btf, maps, programs }], options.statsMap), object.name);
  const stats = found.stats.length > 0 ? found : undefined;
  const names = new Names(moduleName(object.name));
  const types = new Types(btf, names);
  const [bundle, parts] = [names.own(""), ownParts.map((part) => [part, names.own(pascal(part))] as const)];

  const { constants, variables } = globalMembers(btf, types, globals);
  const schedulers = opsTypes(btf, types, ops);
  const bodies: Record<Part, string> = {
    constants: typeLiteral(constants),
    variables: typeLiteral(variables),
    // Of several schedulers, what they have in common.
    ops: [...new Set(schedulers.map(({ type }) => type))].join(" | ") || typeLiteral([]),
    maps: typeLiteral(mapMembers(types, maps)),
    programs: typeLiteral(programMembers(btf, types, programs)),
    companions: typeLiteral(companionMembers(programs)),
    stats: statsType(stats),
  };
  types.enums();
  const about: Record<Part, string> = {
    constants: "Global variables that can't be set any more after load.",
    variables: "Global variables that can always be set.",
    ops: `Fields of the ops${schedulers.length > 0 ? `: ${schedulers.map((one) => one.about).join("; ")}` : ""}.`,
    maps: "Keys and values of the maps; of a per-CPU map a value for each CPU that there can be.",
    programs: "Programs that can be run, with the struct that each is given.",
    companions:
      "The other programs beside the scheduler's callbacks, with the sections that say what they are attached to.",
    stats: stats
      ? `What a sample's \`stats\` hold: ${code(stats.name)}.`
      : "What a sample's `stats` hold: nothing is found in the object, so it is what a statistics map names at load.",
  };
  const flags = bodies.ops.includes("OpsFlag") ? ["OpsFlag"] : [];
  return `${[
    `// Made by scxkit gen from ${commentText(object.name)}: don't change it, make it again.`,
    imports([...statImports(stats), ...flags], options),
    ...parts.map(([part, name]) => `${comment(about[part])}\nexport type ${name} = ${bodies[part]};`),
    ...types.declarations(),
    `${comment(`All names and types of ${code(object.name)}, for \`BpfObject<${bundle}>\` and what comes of it.`)}
export interface ${bundle} {\n${parts.map(([part, name]) => `  ${part}: ${name};\n`).join("")}}`,
    opening(object.name, bundle, options),
  ].join("\n\n")}\n`;
}

/** As {@link ObjectTypes} has them. */
const ownParts = ["constants", "variables", "ops", "maps", "programs", "companions", "stats"] as const;
type Part = (typeof ownParts)[number];

function imports(used: readonly string[], { library = "scxkit", path }: ModuleOptions): string {
  const types = [...used, "OpenOptions"].sort().map((name) => `type ${name}`);
  return [
    ...(path === undefined ? [] : ['import { fileURLToPath } from "node:url";']),
    `import { BpfObject, ${types.join(", ")} } from ${literal(library)};`,
  ].join("\n");
}

const opening = (object: string, bundle: string, { path }: ModuleOptions): string =>
  `${comment(`Opens ${code(object)} with these types; as BpfObject.open does, which says what it throws.`)}
export const open${bundle} = (
  path${path === undefined ? ": string" : ` = fileURLToPath(new URL(${literal(path)}, import.meta.url))`},
  options?: OpenOptions,
): Promise<BpfObject<${bundle}>> => BpfObject.open<${bundle}>(path, options);`;
