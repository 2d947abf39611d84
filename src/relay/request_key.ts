// SPDX-License-Identifier: MIT
import type { StatsRequest } from "../protocol/request.js";

/** What tells requests apart: the same for those that mean the same, in whatever order their arguments came. */
export const requestKey = ({ req, args }: StatsRequest): string => JSON.stringify([req, [...args].sort()]);
