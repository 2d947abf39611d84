// SPDX-License-Identifier: MIT

/** What a check says of a server that doesn't keep its rule. */
export class Finding extends Error {}

/** Why a check can't tell. */
export class Untold extends Error {}
