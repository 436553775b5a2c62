// The same documents as tokenizer_bench.cpp with two packages of npm: node tokenizer_bench.mjs TOKENIZER_JSON RUN
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { Tokenizer as Port } from "@huggingface/tokenizers";

const { Tokenizer: Rust } = createRequire(import.meta.url)("tokenizers");
const file = readFileSync(process.argv[2], "utf8");
const { documents, characters_per_second: ours } = JSON.parse(readFileSync(process.argv[3], "utf8"));
const numCharacters = documents.reduce((sum, text) => sum + [...text].length, 0);

async function print(name, rounds, encode) {
  let best = 0;
  for (let round = 0; round <= rounds; ++round) {
    const start = performance.now();
    for (const text of documents) await encode(text);
    if (round > 0) best = Math.max(best, numCharacters / (performance.now() - start) / 1000);
  }
  const ratio = ours / 1e6 / best;
  console.log(`  ${name.padEnd(44)}${best.toFixed(2).padStart(8)} M characters/s (Allometer: ${ratio.toFixed(1)} times that)`);
}

const rust = Rust.fromString(file);
await print("npm's tokenizers (Rust), documents", 3, (text) => rust.encode(text));
const port = new Port(JSON.parse(file), {});
await print("npm's @huggingface/tokenizers, documents", 3, async (text) => port.encode(text));
