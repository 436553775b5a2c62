// GGUF vocabularies for the comparison with llama.cpp, and the comparison.
//   node gguf_tokenizer_peer.mjs write DIRECTORY [GPT2_GGUF]         small vocabularies; GPT2_GGUF's under other names of `pre`
//   node gguf_tokenizer_peer.mjs compose TEXTS.jsonl                 the texts in NFC
//   node gguf_tokenizer_peer.mjs compare [GGUF TEXTS.jsonl OURS.jsonl]...    ids of ours against those of llama.cpp, exit code
//                                                                    1 on a difference that is not known and wanted
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

// Types of GGUF values.
const UINT32 = 4, INT32 = 5, FLOAT32 = 6, BOOL = 7, STRING = 8, ARRAY = 9;

function number(value, size, write) {
  const bytes = Buffer.alloc(size);
  bytes[write](value);
  return bytes;
}
const uint32 = (value) => number(value, 4, "writeUInt32LE");
const uint64 = (value) => number(BigInt(value), 8, "writeBigUInt64LE");
const string = (text) => Buffer.concat([uint64(Buffer.byteLength(text)), Buffer.from(text)]);
const WRITERS = {
  [UINT32]: uint32,
  [INT32]: (value) => number(value, 4, "writeInt32LE"),
  [FLOAT32]: (value) => number(value, 4, "writeFloatLE"),
  [BOOL]: (value) => Buffer.from([value ? 1 : 0]),
  [STRING]: string,
};

// A GGUF file without tensors: [[key, type, value or list of them], ...].
function gguf(entries) {
  const parts = [Buffer.from("GGUF"), uint32(3), uint64(0), uint64(entries.length)];
  for (const [key, type, value] of entries) {
    parts.push(string(key));
    if (Array.isArray(value)) {
      parts.push(uint32(ARRAY), uint32(type), uint64(value.length), ...value.map(WRITERS[type]));
    } else {
      parts.push(uint32(type), WRITERS[type](value));
    }
  }
  return Buffer.concat(parts);
}

const ARCHITECTURE = [
  ["general.architecture", STRING, "llama"], ["general.name", STRING, "peer"], ["llama.block_count", UINT32, 1],
  ["llama.context_length", UINT32, 64], ["llama.embedding_length", UINT32, 32],
  ["llama.feed_forward_length", UINT32, 32], ["llama.attention.head_count", UINT32, 1],
  ["llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5],
];

let state = 7;
function below(n) {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * n);
}

// SentencePiece pieces over few letters, many of them of one score: where the order of joining shows.
function sentencepiece() {
  const tokens = ["<unk>", "<s>", "</s>"], types = [2, 3, 3], scores = [0, 0, 0];
  const add = (token, type, score) => (tokens.push(token), types.push(type), scores.push(score));
  for (let byte = 0; byte < 256; ++byte) add(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, 6, 0);
  const known = ["\u2581", "a", "e", "o", "n", "t"];
  for (const piece of known) add(piece, 1, -50);
  while (known.length < 300) {
    const piece = known[below(known.length)] + known[below(known.length)];
    if (piece.length > 6 || known.includes(piece)) continue;
    known.push(piece);
    add(piece, 1, -below(20));
  }
  add("<|user|>", 4, 0);
  return gguf([...ARCHITECTURE, ["tokenizer.ggml.model", STRING, "llama"], ["tokenizer.ggml.tokens", STRING, tokens],
    ["tokenizer.ggml.scores", FLOAT32, scores], ["tokenizer.ggml.token_type", INT32, types],
    ["tokenizer.ggml.bos_token_id", UINT32, 1], ["tokenizer.ggml.eos_token_id", UINT32, 2],
    ["tokenizer.ggml.unknown_token_id", UINT32, 0]]);
}

// As the converters write a WordPiece vocabulary: U+2581 before what begins a word, nothing before the rest.
function wordPiece() {
  const tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], types = tokens.map(() => 3);
  const add = (token) => (tokens.push(token), types.push(1));
  for (const c of "abcdefghijklmnopqrstuvwxyz0123456789") { add("\u2581" + c); add(c); }
  for (const c of "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u4e00\u4e8c\u4e09\u00df\u03b1\u03c9\u0431") add("\u2581" + c);
  for (const word of ["the", "once", "upon", "time", "don"]) add("\u2581" + word);
  for (const part of ["ing", "ed", "the", "re", "ll", "\u03b1", "\u0431"]) add(part);
  return gguf([["general.architecture", STRING, "bert"], ["general.name", STRING, "peer"], ["bert.block_count", UINT32, 1],
    ["bert.context_length", UINT32, 64], ["bert.embedding_length", UINT32, 32], ["bert.feed_forward_length", UINT32, 32],
    ["bert.attention.head_count", UINT32, 1], ["bert.attention.layer_norm_epsilon", FLOAT32, 1e-5],
    ["tokenizer.ggml.model", STRING, "bert"], ["tokenizer.ggml.token_type_count", UINT32, 2],
    ["tokenizer.ggml.tokens", STRING, tokens], ["tokenizer.ggml.token_type", INT32, types],
    ["tokenizer.ggml.bos_token_id", UINT32, 2], ["tokenizer.ggml.eos_token_id", UINT32, 3],
    ["tokenizer.ggml.cls_token_id", UINT32, 2], ["tokenizer.ggml.seperator_token_id", UINT32, 3],
    ["tokenizer.ggml.unknown_token_id", UINT32, 1], ["tokenizer.ggml.padding_token_id", UINT32, 0],
    ["tokenizer.ggml.mask_token_id", UINT32, 4]]);
}

// The same vocabulary under another name of its pre-tokenizer.
function renamed(file, pre) {
  const key = string("tokenizer.ggml.pre");
  const value = file.indexOf(key) + key.length + 4;
  const rest = value + 8 + Number(file.readBigUInt64LE(value));
  return Buffer.concat([file.subarray(0, value), string(pre), file.subarray(rest)]);
}

const PRE = [
  "default", "gpt-2", "llama-bpe", "dbrx", "smaug-bpe", "qwen2", "qwen35", "stablelm2", "starcoder", "refact", "command-r", "smollm",
  "olmo", "mpt", "deepseek-llm", "deepseek-coder", "deepseek-v3", "bloom", "gpt3-finnish", "poro-chat", "viking",
  "tekken", "gpt-4o", "chameleon", "exaone", "exaone-moe", "bailingmoe", "seed-coder", "jais-2", "superbpe", "minerva-7b",
  "glm4", "grok-2",
];

// Where we do what the model's own tokenizer.json does and llama.cpp does something near to it.
const KNOWN = {
  "falcon": "its vocabulary lacks some bytes, and the rest of a word is joined across them",
  "wordpiece": "vertical tabs and form feeds are dropped and spacing marks (Mc) kept; llama.cpp does the reverse",
  "pre-deepseek-llm": "every digit is a piece of its own; llama.cpp keeps them together",
  "pre-deepseek-coder": "\\s is all white space of Unicode",
  "pre-tekken": "upper and lower case of all scripts and marks; llama.cpp has A-Z and a-z",
  "pre-gpt-4o": "upper and lower case of all scripts and marks; llama.cpp has A-Z and a-z",
  "pre-superbpe": "\\d is every decimal digit of Unicode",
};

function write(directory, gpt2) {
  writeFileSync(join(directory, "sentencepiece.gguf"), sentencepiece());
  writeFileSync(join(directory, "wordpiece.gguf"), wordPiece());
  if (gpt2 === undefined) return;
  const file = readFileSync(gpt2);
  for (const pre of PRE) writeFileSync(join(directory, `pre-${pre}.gguf`), renamed(file, pre));
}

const readLines = (path) =>
  readFileSync(path, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));

// Prints one line for a file; false on a difference that nobody wants.
async function compare(llama, path, textsPath, oursPath) {
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
  const texts = readLines(textsPath);
  const ours = readLines(oursPath);
  if (texts.length === 0 || texts.length !== ours.length) {
    throw new Error(`${texts.length} texts, but ${ours.length} results`);
  }
  const different = texts.flatMap(({ text }, i) => {
    const peer = model.tokenize(text, true);
    return JSON.stringify(peer) === JSON.stringify(ours[i].ids) ? [] : [{ text, peer, ours: ours[i].ids }];
  });
  await model.dispose();
  const name = basename(path, ".gguf");
  const known = different.length > 0 && name in KNOWN;
  console.log(`${name}: ${texts.length} texts, ${different.length} differ${known ? ` (known: ${KNOWN[name]})` : ""}`);
  if (different.length === 0 || known) return true;
  for (const { text, peer, ours } of different.slice(0, 3)) {
    console.log(`  text ${JSON.stringify(text)}\n  peer ${peer}\n  ours ${ours}`);
  }
  return false;
}

async function compareAll(paths) {
  const { getLlama, LlamaLogLevel } = await import("node-llama-cpp");
  const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.disabled });
  for (let i = 0; i < paths.length; i += 3) {
    if (!(await compare(llama, paths[i], paths[i + 1], paths[i + 2]))) process.exitCode = 1;
  }
  await llama.dispose();
}

const [command, ...rest] = process.argv.slice(2);
if (command === "write") {
  write(...rest);
} else if (command === "compose") {
  for (const line of readLines(rest[0])) console.log(JSON.stringify({ text: line.text.normalize("NFC") }));
} else if (command === "compare") {
  await compareAll(rest);
} else {
  console.error("usage: gguf_tokenizer_peer.mjs write DIRECTORY [GPT2_GGUF] | compose TEXTS | compare [GGUF TEXTS OURS]...");
  process.exitCode = 2;
}
