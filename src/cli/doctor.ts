// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import type { Finding } from "../kernel/finding.js";

const statusHelp = `
Exit status:
   0  nothing is a problem; there may be warnings
  69  schedulers can't be run on this kernel, or the addon can't be loaded
  77  only the privilege is missing
`;

/** A finding for people: a line, and one for its remedy. */
export function findingLines({ status, id, what, remedy }: Finding): string[] {
  const start = `${status.padEnd(7)}  ${id.padEnd(12)}  `;
  return remedy === undefined ? [start + what] : [start + what, " ".repeat(start.length) + remedy];
}

/** The status that `scxkit doctor` ends with. */
export function statusOfFindings(findings: readonly Finding[]): number {
  const problems = findings.filter(({ status }) => status === "problem");
  if (problems.length === 0) return 0;
  return problems.every(({ id }) => id === "capabilities") ? 77 : 69;
}

/** Adds `scxkit doctor`. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check whether schedulers can be run here, and say what to do where they can't")
    .option("--json", "one JSON object a line: id, status (ok, warning or problem), what, and a remedy unless it is ok")
    .addHelpText("after", statusHelp)
    .action(async (options: { json?: boolean }) => {
      const { diagnose } = await import("../kernel/diagnosis.js");
      const findings = await diagnose();
      const lines = options.json ? findings.map((finding) => JSON.stringify(finding)) : findings.flatMap(findingLines);
      process.stdout.write(`${lines.join("\n")}\n`);
      process.exitCode = statusOfFindings(findings);
    });
}
