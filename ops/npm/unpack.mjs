// Decompress the Brotli files of the npm browser: node unpack.mjs SOURCE TARGET (Python has no Brotli of its own).
import { createReadStream, createWriteStream, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [source, target] = process.argv.slice(2);
mkdirSync(target, { recursive: true });
for (const name of readdirSync(source).filter((each) => each.endsWith(".br"))) {
  await pipeline(
    createReadStream(join(source, name)),
    createBrotliDecompress(),
    createWriteStream(join(target, basename(name, ".br"))),
  );
}
