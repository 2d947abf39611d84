// SPDX-License-Identifier: MIT

/**
 * Calls back when the user wants no more: at the first Ctrl-C or request to end, or when nobody reads our output any longer
 * (`| head`). A second signal ends the process as it would have without us.
 */
export function onEnd(
  callback: () => void,
  signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"],
): Disposable {
  const listener = () => {
    for (const signal of signals) process.off(signal, listener);
    callback();
  };
  for (const signal of signals) process.on(signal, listener);
  process.stdout.on("error", listener);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, listener);
      process.stdout.off("error", listener);
    },
  };
}
