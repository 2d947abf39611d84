// SPDX-License-Identifier: MIT

/** The kernel's own errno for "not supported", which neither libc nor Node knows (include/linux/errno.h). */
export const ENOTSUPP = 524;
