// SPDX-License-Identifier: MIT
/** The text if it is free; else the first of `text_2`, `text_3`… that is. */
export function numbered(text: string, isFree: (text: string) => boolean): string {
  let own = text;
  for (let number = 2; !isFree(own); number++) own = `${text}_${number}`;
  return own;
}
