// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BpfObject } from "../../../src/bpf/object.js";
import { shippedObject, testObject } from "../../objects.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scxkit-object-"));
});

async function damaged(name: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  const path = join(folder, `${name}.bpf.o`);
  await writeFile(path, change(await readFile(shippedObject("simple"))));
  return path;
}

function patched(bytes: Buffer, offset: number, value: number): Buffer {
  bytes[offset] = value;
  return bytes;
}

/** Gives count's .bss another size; NOBITS takes no room in the file. */
async function withBss(size: number): Promise<string> {
  const bytes = await readFile(testObject("count"));
  const headers = Number(bytes.readBigUInt64LE(0x28));
  for (let at = headers; at < headers + bytes.readUInt16LE(0x3c) * 64; at += 64)
    if (bytes.readUInt32LE(at + 4) === 8) bytes.writeBigUInt64LE(BigInt(size), at + 32);
  const path = join(folder, `bss-${size}.bpf.o`);
  await writeFile(path, bytes);
  return path;
}

describe("opening", () => {
  it("needs no privileges and names the scheduler", async () => {
    using object = await BpfObject.open(shippedObject("simple"));
    expect(object.name).toBe("simple");
    expect(object.scheduler).toBe("simple");
    expect(object.globals.fifo).toBe(false);
    expect(object.globals.slice_us).toBe(20000n);
    expect(object.ops.timeout_ms).toBe(10000);
  });

  const refused: [string, (bytes: Buffer) => Buffer, RegExp][] = [
    ["no ELF", () => Buffer.from("#!/bin/sh\n"), /not an ELF file/],
    ["an empty file", () => Buffer.alloc(0), /not an ELF file/],
    ["a header cut off", (bytes) => bytes.subarray(0, 40), /ends within the ELF header/],
    ["another machine", (bytes) => patched(bytes, 18, 62), /machine 62, not for BPF/],
    ["32 bits", (bytes) => patched(bytes, 4, 1), /32-bit/],
    ["big endian", (bytes) => patched(bytes, 5, 2), /big-endian/],
    ["cut in the middle", (bytes) => bytes.subarray(0, bytes.length / 2), /outside the file/],
  ];
  it.each(refused)("refuses %s", async (name, change, why) => {
    const path = await damaged(name.replaceAll(" ", "-"), change);
    await expect(BpfObject.open(path)).rejects.toMatchObject({ code: "ERR_SCX_NOT_BPF_OBJECT", op: "open" });
    await expect(BpfObject.open(path)).rejects.toThrow(why);
  });

  it("tells BTF of a kind that libbpf doesn't know from none at all", async () => {
    // struct btf_header (magic, version, flags, its length) stands before the types; the kind is in their eighth byte.
    const header = Buffer.from([0x9f, 0xeb, 1, 0, 24, 0, 0, 0]);
    const path = await damaged("kind", (bytes) => patched(bytes, bytes.indexOf(header) + 24 + 7, 31));
    await expect(BpfObject.open(path)).rejects.toMatchObject({
      code: "ERR_SCX_NO_BTF",
      message: expect.stringMatching(/carries BTF that libbpf \d+\.\d+ can't read.*\nBuild it again.*older clang\.$/),
    });
  });

  it("refuses a size that libbpf takes for an error, and that for an object", async () => {
    const bytes = await readFile(testObject("kconfig"));
    const int = bytes.indexOf(Buffer.from("0400000020000001", "hex")); // the size and encoding of int
    expect(int).toBeGreaterThan(0);
    const path = join(folder, "size.bpf.o");
    await writeFile(path, patched(bytes, int + 3, 0x80));
    await expect(BpfObject.open(path)).rejects.toThrow(/failed to resolve size of extern/);
  });

  it("refuses a file that isn't there, and a folder", async () => {
    await expect(BpfObject.open(join(folder, "nothing.bpf.o"))).rejects.toMatchObject({
      code: "ERR_SCX_FILE_NOT_FOUND",
    });
    await expect(BpfObject.open(folder)).rejects.toThrow(/it is a folder/);
    await expect(BpfObject.open("")).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
    await expect(BpfObject.open("a\0b")).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
    await expect(BpfObject.open("/dev/zero")).rejects.toThrow(/no regular file/);
  });

  it("refuses a file larger than any object, without reading it", async () => {
    const path = join(folder, "sparse.bpf.o");
    await writeFile(path, "");
    await truncate(path, 2 ** 43);
    await expect(BpfObject.open(path)).rejects.toThrow(/larger than 256 MiB/);
  });

  it("takes a .bss as large as scx_layered's, but no larger than any scheduler's", async () => {
    using object = await BpfObject.open(await withBss(165_706_296));
    expect(object.name).toBe("bss-165706296");
    await expect(BpfObject.open(await withBss(2 ** 29 + 1))).rejects.toThrow(/is over 512 MiB/);
  });

  it("stops at an AbortSignal", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(BpfObject.open(shippedObject("simple"), { signal })).rejects.toMatchObject({
      code: "ERR_SCX_ABORTED",
      cause: new Error("enough"),
    });
  });

  it("tells an object without BTF", async () => {
    // As strip -g would leave it: no section is called .BTF any more.
    const path = await damaged("no-btf", (bytes) =>
      Buffer.from(bytes.toString("latin1").replaceAll(".BTF", ".XXX"), "latin1"),
    );
    await expect(BpfObject.open(path)).rejects.toMatchObject({ code: "ERR_SCX_NO_BTF", op: "open" });
  });

  it("tells an object without a scheduler", async () => {
    using object = await BpfObject.open(testObject("count"));
    expect(() => object.scheduler).toThrowError(expect.objectContaining({ code: "ERR_SCX_NO_STRUCT_OPS" }));
    expect(() => object.ops).toThrowError(expect.objectContaining({ code: "ERR_SCX_NO_STRUCT_OPS" }));
  });

  it("refuses an ops map that isn't there", async () => {
    await expect(BpfObject.open(shippedObject("simple"), { opsMap: "other" })).rejects.toThrow(
      /Choose one with --ops-map .*: simple_ops/,
    );
  });

  it("can't be used after close", async () => {
    const object = await BpfObject.open(shippedObject("simple"));
    object.close();
    object.close();
    expect(() => object.setGlobal("fifo", true)).toThrowError(expect.objectContaining({ code: "ERR_SCX_CLOSED" }));
    expect(() => object.globals.fifo).toThrowError(expect.objectContaining({ code: "ERR_SCX_CLOSED" }));
    await expect(object.load()).rejects.toMatchObject({ code: "ERR_SCX_CLOSED" });
  });
});
