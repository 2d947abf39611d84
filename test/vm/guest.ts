// SPDX-License-Identifier: MIT
// What runs inside the guest, as root: the command, and the little around it that carries its output, its signals and
// its status over to the host. All of it crosses through files in one private folder, because a console mangles output.

/** Names of the files in the private folder that host and guest share. */
export const crossing = {
  script: "guest.sh",
  stdout: "stdout",
  stderr: "stderr",
  up: "up",
  status: "status",
  log: "log",
} as const;

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * The script that the guest's init starts.
 *
 * - The command writes into pipes, not into the files, so that `echo x > /dev/stderr` in it can't truncate what is there.
 * - The helpers run at SCHED_FIFO: what carries output and signals must not depend on the scheduler under test.
 * - The host sends a signal's name a line down the script's standard input (a virtio-serial port), so waiting for one costs
 *   nothing. It goes to the command's whole process group, as a terminal's Ctrl-C would.
 * - The status is written last: who sees it has all the output. A process left behind by the command may hold the pipes
 *   open for ever, hence the five seconds.
 */
export function guestScript(options: {
  folder: string;
  cwd: string;
  command: string;
  env: Record<string, string>;
}): string {
  const env = Object.entries(options.env).map(([name, value]) => `export ${name}=${quote(value)}`);
  return `exec 3<&0 </dev/null
folder=${quote(options.folder)}
${env.join("\n")}
mkdir -p "$HOME"
ln -sfn /proc/self/fd/1 /dev/stdout
ln -sfn /proc/self/fd/2 /dev/stderr
private=/run/scxkit
mkdir "$private" && mkfifo "$private/stdout" "$private/stderr" && cd ${quote(options.cwd)} || exit 70
chrt -f 1 cat <"$private/stdout" >>"$folder/${crossing.stdout}" 3<&- &
stdout=$!
chrt -f 1 cat <"$private/stderr" >>"$folder/${crossing.stderr}" 3<&- &
stderr=$!
chrt -f 1 sh -c 'while read -r name; do kill -s "$name" -- -"$(cat /run/scxkit/group)"; done' <&3 >/dev/null 2>&1 &
: >"$folder/${crossing.up}"
sh -c 'echo $$ >/run/scxkit/group; exec setsid bash -c "$1"' sh ${quote(options.command)} \\
  >"$private/stdout" 2>"$private/stderr" 3<&-
status=$?
(sleep 5; kill "$stdout" "$stderr") >/dev/null 2>&1 &
wait "$stdout" "$stderr"
echo "$status" >"$folder/${crossing.status}.new"
mv "$folder/${crossing.status}.new" "$folder/${crossing.status}"
`;
}
