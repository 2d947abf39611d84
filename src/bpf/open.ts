// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { ScxError } from "../error.js";
import { type NativeError, type NativeObject, type NativeOpenOptions, native } from "../native/index.js";

/**
 * Opens a file as libbpf does, after the addon's own look at it.
 * @throws ScxError ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE, ERR_SCX_PRIVILEGE, ERR_SCX_NOT_BPF_OBJECT, ERR_SCX_NO_BTF
 */
export async function openNative(path: string, name: string, options: NativeOpenOptions): Promise<NativeObject> {
  const refused = (why: string, cause?: NativeError) =>
    new ScxError("ERR_SCX_NOT_BPF_OBJECT", {
      op: "open",
      message: `${path} is no usable BPF object: ${why}.`,
      remedy: "Give an object file that clang -g -target bpf has built.",
      log: cause?.log,
      cause,
    });
  let opened: NativeObject | string;
  try {
    opened = await native.Object.open(path, name, options);
  } catch (error) {
    const cause = error as NativeError;
    if (cause.call === "open") throw unreadable(path, cause, refused);
    if (cause.log.some((line) => line.includes("BTF is required"))) throw noBtf(path, cause);
    throw refused(cause.log.at(-1)?.replace(/^libbpf: |\.+$/g, "") ?? cause.message, cause);
  }
  if (typeof opened === "string") throw refused(opened);
  return opened;
}

/** The error of a file whose types nobody can tell. */
export function noBtf(path: string, cause?: NativeError): ScxError {
  const unread = cause?.log.some((line) => line.includes("Error loading ELF section .BTF"));
  return new ScxError("ERR_SCX_NO_BTF", {
    op: "open",
    message: unread
      ? `${path} carries BTF that libbpf ${native.libbpfVersion.replace("v", "")} can't read: damaged, or with kinds that it doesn't know.`
      : `${path} carries no BTF.`,
    remedy: unread
      ? "Build it again; where the compiler is newer than libbpf, upgrade libbpf or take an older clang."
      : "Build it with clang -g -target bpf; don't strip it.",
    log: cause?.log,
    cause,
  });
}

function unreadable(
  path: string,
  cause: NativeError,
  refused: (why: string, cause: NativeError) => ScxError,
): ScxError {
  const { ENOENT, ENOTDIR, EACCES, EPERM, EISDIR, EINVAL, EFBIG } = constants.errno;
  const base = { op: "open", errno: cause.errno, cause };
  switch (cause.errno) {
    case ENOENT:
    case ENOTDIR:
      return new ScxError("ERR_SCX_FILE_NOT_FOUND", {
        ...base,
        message: `${path}: no such file.`,
        remedy: "Check the path, or name a scheduler that scxkit brings: simple.",
      });
    case EACCES:
    case EPERM:
      return new ScxError("ERR_SCX_PRIVILEGE", {
        ...base,
        message: `${path} may not be read by this user.`,
        remedy: "Check its rights and those of its folders (ls -l), or run as another user.",
      });
    case EISDIR:
      return refused("it is a folder", cause);
    case EINVAL:
      return refused("it is no regular file", cause);
    case EFBIG:
      return refused("it is larger than 256 MiB", cause);
    default:
      return new ScxError("ERR_SCX_FILE_UNREADABLE", {
        ...base,
        message: `${path} can't be read: ${cause.message.replace(/^open: /, "")}.`,
        remedy: "Check the file and the disk that it is on.",
      });
  }
}
