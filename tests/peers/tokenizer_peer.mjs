// Random texts and their ids by @huggingface/tokenizers, and the comparison with ours.
//   node tokenizer_peer.mjs texts COUNT                      > texts.jsonl   ({"text"} lines)
//   node tokenizer_peer.mjs compare MODEL_DIR texts.jsonl ours.jsonl         ({"ids"} lines), exit code 1 on a difference
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

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
  [0x2000, 0x206f], [0x2460, 0x24ff], [0x3000, 0x30ff], [0x4e00, 0x9fff], [0xac00, 0xd7a3],
  [0xff00, 0xffef], [0x1f300, 0x1f64f], [0x1f1e6, 0x1f1ff],
];
const WORDS = [
  "the", " once", " upon", "'s", "'LL", "n't", "  ", "\n\n", "\t", "\r\n", "   \n", "1234567", "x_y", "don't",
  "<|endoftext|>", "<s>", "</s>", " <s> ", "\u200d", "\ufe0f", "👩‍👩‍👧", "e\u0301", "ﬁ", "Ⅳ", "...", "http://a.b/c?d=1",
];

function randomText() {
  let text = "";
  for (let parts = below(9); parts > 0; --parts) {
    if (random() < 0.4) {
      text += WORDS[below(WORDS.length)];
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

async function compare(model, textsPath, oursPath) {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const file = model.endsWith(".json") ? model : join(model, "tokenizer.json");
  const configFile = model.endsWith(".json") ? "" : join(model, "tokenizer_config.json");
  const config = existsSync(configFile) ? JSON.parse(readFileSync(configFile, "utf8")) : {};
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(file, "utf8")), config);
  const texts = readLines(textsPath);
  const ours = readLines(oursPath);
  if (texts.length === 0 || texts.length !== ours.length) {
    throw new Error(`${texts.length} texts, but ${ours.length} results`);
  }
  let differences = 0;
  texts.forEach(({ text }, i) => {
    const theirs = tokenizer.encode(text).ids;
    if (JSON.stringify(theirs) === JSON.stringify(ours[i].ids)) return;
    if (++differences <= 10) {
      console.error(`text ${JSON.stringify(text)}\n  peer ${theirs}\n  ours ${ours[i].ids}`);
    }
  });
  console.log(`${model}: ${texts.length} texts, ${differences} differ`);
  if (differences > 0) process.exitCode = 1;
}

const [command, ...rest] = process.argv.slice(2);
if (command === "texts") {
  for (let i = 0; i < Number(rest[0]); ++i) console.log(JSON.stringify({ text: randomText() }));
} else if (command === "compare") {
  await compare(...rest);
} else {
  console.error("usage: tokenizer_peer.mjs texts COUNT | compare MODEL TEXTS OURS");
  process.exitCode = 2;
}
