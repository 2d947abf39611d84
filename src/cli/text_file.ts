// SPDX-License-Identifier: MIT
import { readFile } from "../read_file.js";

/** The text of a file that a flag names. Throws ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE. */
export const readText = (flag: string, path: string): string => readFile(`${flag} ${path}`, path).toString();
