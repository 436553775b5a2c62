// Ids and texts by other tokenizers, and the comparison with ours.
//   node tokenizer_peer.mjs texts COUNT                           > texts.jsonl       ({"text"} lines)
//   node tokenizer_peer.mjs reference COUNT PARTS                 > reference.json    every configuration by the Rust library, on
//                                                                                     COUNT texts of at most PARTS parts
//   node tokenizer_peer.mjs port reference.json                   where @huggingface/tokenizers differs from it (told, no failure)
//   node tokenizer_peer.mjs compare MODEL texts.jsonl ours.jsonl  ({"ids"} lines), exit code 1 on a difference
// The peers are two npm packages: `tokenizers`, which is the Rust library itself as a Node.js module, and
// @huggingface/tokenizers, a port to JavaScript.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { CONFIGURATIONS, MODELS, documentOf } from "./tokenizer_configurations.mjs";

// A small generator with a fixed seed (mulberry32): the same texts on every machine.
let state = 20240131;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);

const BLOCKS = [
  [0x01, 0x7e], [0x20, 0x7e], [0x61, 0x7a], [0x30, 0x39], [0x80, 0x24f], [0x300, 0x36f], [0x370, 0x3ff],
  [0x400, 0x4ff], [0x5d0, 0x5ea], [0x620, 0x64a], [0x900, 0x97f], [0xe00, 0xe5b], [0x1100, 0x1112],
  [0x1e00, 0x1eff], [0x2000, 0x206f], [0x2100, 0x218f], [0x2460, 0x24ff], [0x3000, 0x30ff], [0x4e00, 0x9fff],
  [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xff00, 0xffef], [0x1f300, 0x1f64f], [0x1f1e6, 0x1f1ff], [0x1d400, 0x1d7ff], [0x20000, 0x20100],
];
const WORDS = [
  "the", " once", " upon", "'s", "'LL", "n't", "  ", "\n\n", "\t", "\r\n", "   \n", "1234567", "x_y", "don't",
  "<|endoftext|>", "<s>", "</s>", " <s> ", "\u200d", "\ufe0f", "👩‍👩‍👧", "e\u0301", "ﬁ", "Ⅳ", "...", "http://a.b/c?d=1",
  "The quick brown fox", " the dog doesn't mind", " Straße", " größer", "crème brûlée", " l'été", "мягких", " φρ", "吾輩は猫である。", "ラーメン",
  "빠른 갈색", " दुनिया", "ab", "aba", "baab", "AB", "E", "<left>", " <right> ", " <both>  ", "[MASK]", " [SEP]", "<mask>", "FOX", "\u3000", "``", "²½", "ß",
];

/// Bytes that are no UTF-8, read as a decoder reads them: each part that is wrong is one U+FFFD.
function repairedBytes() {
  const bytes = Uint8Array.from({ length: 1 + below(8) }, () => (random() < 0.5 ? 0x80 + below(0x80) : below(0x80)));
  return new TextDecoder("utf-8").decode(bytes);
}

function randomText(mostParts) {
  let text = "";
  for (let parts = below(mostParts + 1); parts > 0; --parts) {
    const kind = random();
    if (kind < 0.4) {
      text += WORDS[below(WORDS.length)];
    } else if (kind < 0.43) {
      text += repairedBytes();
    } else {
      const [first, last] = BLOCKS[below(BLOCKS.length)];
      for (let n = 1 + below(8); n > 0; --n) {
        text += String.fromCodePoint(first + below(last - first + 1));
      }
    }
    if (random() < 0.4) text += " ";
  }
  return text;
}

function readLines(path) {
  return readFileSync(path, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/// Each peer as a function from a text to ids with the special tokens, and from ids to a text.
function rustTokenizer(document) {
  const { Tokenizer } = createRequire(import.meta.url)("tokenizers");
  const tokenizer = Tokenizer.fromString(JSON.stringify(document));
  return {
    encode: async (text) => (await tokenizer.encode(text)).getIds(),
    decode: (ids) => tokenizer.decode(ids, false),
  };
}

async function portTokenizer(document, config) {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const tokenizer = new Tokenizer(document, config);
  return { encode: async (text) => tokenizer.encode(text).ids };
}

/// Two digits of base 36 for each id: a fifth of a JSON list.
function packed(ids) {
  return ids.map((id) => {
    if (id >= 36 * 36) throw new Error(`id ${id} has more than two digits`);
    return id.toString(36).padStart(2, "0");
  }).join("");
}

/// Only the first texts are decoded: ids tell what differs, and texts are long.
async function writeReference(count, mostParts) {
  const texts = Array.from({ length: count }, () => randomText(mostParts));
  const expected = {};
  for (const configuration of CONFIGURATIONS) {
    const tokenizer = rustTokenizer(documentOf(configuration));
    const ids = [];
    const decoded = [];
    for (const [i, text] of texts.entries()) {
      const one = await tokenizer.encode(text);
      ids.push(packed(one));
      if (i < count / 10) decoded.push(await tokenizer.decode(one));
    }
    expected[configuration.name] = { ids, decoded };
  }
  const lines = (object) => Object.entries(object).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(",\n");
  console.log(`{"made_by": "tests/peers/tokenizer_peer.mjs reference ${count} ${mostParts}, with npm's tokenizers",`);
  console.log(`"models": {\n${lines(MODELS)}},`);
  console.log(`"configurations": [\n${CONFIGURATIONS.map((one) => JSON.stringify(one)).join(",\n")}],`);
  console.log(`"texts": ${JSON.stringify(texts)},`);
  console.log(`"expected": {\n${lines(expected)}}}`);
}

async function comparePort(path) {
  const { texts, expected } = JSON.parse(readFileSync(path, "utf8"));
  for (const configuration of CONFIGURATIONS) {
    let differences = 0;
    let example = "";
    try {
      const port = await portTokenizer(documentOf(configuration), {});
      for (const [i, text] of texts.entries()) {
        const ids = packed(await port.encode(text));
        if (ids === expected[configuration.name].ids[i]) continue;
        if (differences++ === 0) example = `${JSON.stringify(text)}: ${ids} for ${expected[configuration.name].ids[i]}`;
      }
    } catch (error) {
      example = `${error.message}`;
      differences = "all";
    }
    if (differences !== 0) console.log(`@huggingface/tokenizers differs from the Rust library: ${configuration.name}, ${differences} of ${texts.length} texts; ${example}`);
  }
}

async function compare(model, textsPath, oursPath) {
  const file = model.endsWith(".json") ? model : join(model, "tokenizer.json");
  const configFile = model.endsWith(".json") ? "" : join(model, "tokenizer_config.json");
  const config = existsSync(configFile) ? JSON.parse(readFileSync(configFile, "utf8")) : {};
  const document = JSON.parse(readFileSync(file, "utf8"));
  const texts = readLines(textsPath);
  const ours = readLines(oursPath);
  if (texts.length === 0 || texts.length !== ours.length) {
    throw new Error(`${texts.length} texts, but ${ours.length} results`);
  }
  const peers = { "tokenizers (Rust)": rustTokenizer(document), "@huggingface/tokenizers": await portTokenizer(document, config) };
  for (const [name, peer] of Object.entries(peers)) {
    let differences = 0;
    for (const [i, { text }] of texts.entries()) {
      const theirs = await peer.encode(text);
      if (JSON.stringify(theirs) === JSON.stringify(ours[i].ids)) continue;
      if (++differences <= 10) {
        console.error(`text ${JSON.stringify(text)}\n  peer ${theirs}\n  ours ${ours[i].ids}`);
      }
    }
    console.log(`${model}, against ${name}: ${texts.length} texts, ${differences} differ`);
    if (differences > 0) process.exitCode = 1;
  }
}

const [command, ...rest] = process.argv.slice(2);
if (command === "texts") {
  for (let i = 0; i < Number(rest[0]); ++i) console.log(JSON.stringify({ text: randomText(8) }));
} else if (command === "reference") {
  await writeReference(Number(rest[0]), Number(rest[1]));
} else if (command === "port") {
  await comparePort(...rest);
} else if (command === "compare") {
  await compare(...rest);
} else {
  console.error("usage: tokenizer_peer.mjs texts COUNT | reference COUNT PARTS | port REFERENCE | compare MODEL TEXTS OURS");
  process.exitCode = 2;
}
