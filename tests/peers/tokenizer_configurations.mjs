// Tokenizers of every kind that tokenizer.json can describe, small and the same on every machine: models trained here on a few
// sentences in many scripts, under every component and its options. Each is a model's name, what is set in it, and the parts.

const SENTENCES = [
  "The quick brown fox jumps over the lazy dog; the dog doesn't mind, and the fox is happy.",
  "Once upon a time there was a little girl who liked to play with her friend in the park.",
  "Ça va très bien, l'été à l'hôtel où naïve Zoë a mangé une crème brûlée.",
  "Die Straße ist größer als früher, und Äpfel schmecken süß.",
  "Съешь же ещё этих мягких французских булок, да выпей чаю.",
  "Ο γρήγορος σκύλος πηδάει πάνω από την αλεπού.",
  "我今天能为你做什么？天地玄黄，宇宙洪荒。",
  "吾輩は猫である。名前はまだ無い。カタカナとラーメン。",
  "빠른 갈색 여우가 게으른 개를 뛰어넘는다.",
  "مرحبا بالعالم، كيف حالك اليوم؟",
  "नमस्ते दुनिया, आप कैसे हैं?",
  "สวัสดีชาวโลก",
  "if (x_1 == 42) { return f(x, 3.14159); } // 1234567890",
  "😀 👍🏽 👩‍👩‍👧 🇩🇪 … “quoted” — dashes – and ½ ² Ⅳ ﬁ",
];

// ---- models -----------------------------------------------------------------------------------------------------------------

/// The most frequent neighbours become one, `count` times; of equally frequent ones the first in order of code points.
function trainMerges(words, count, join) {
  const merges = [];
  while (merges.length < count) {
    const pairs = new Map();
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; ++i) {
        const key = word[i] + "\u0000" + word[i + 1];
        pairs.set(key, (pairs.get(key) ?? 0) + 1);
      }
    }
    let best = null;
    for (const [key, n] of pairs) {
      if (best === null || n > best[1] || (n === best[1] && key < best[0])) best = [key, n];
    }
    if (best === null || best[1] < 2) break;
    const [left, right] = best[0].split("\u0000");
    merges.push([left, right]);
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; ++i) {
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, join(left, right));
      }
    }
  }
  return merges;
}

function vocabularyOf(pieces) {
  const vocab = {};
  for (const piece of pieces) vocab[piece] ??= Object.keys(vocab).length;
  return vocab;
}

const byteAlphabet = (() => {
  const text = [];
  let substitute = 0x100;
  for (let byte = 0; byte < 256; ++byte) {
    const plain = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    text.push(String.fromCharCode(plain ? byte : substitute++));
  }
  return text;
})();
const spelledInBytes = (text) => [...Buffer.from(text)].map((byte) => byteAlphabet[byte]).join("");
const wordsOf = (text) => text.match(/ ?[^\s]+|\s+/gu);
const byteTokens = [...Array(256).keys()].map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
const concat = (left, right) => left + right;

function byteLevelBpe() {
  const words = SENTENCES.flatMap(wordsOf).map((word) => [...spelledInBytes(word)]);
  const merges = trainMerges(words, 160, concat);
  return { type: "BPE", vocab: vocabularyOf([...byteAlphabet, ...merges.map(([a, b]) => a + b), "Ġzebra", "crossword"]), merges };
}

function metaspaceBpe() {
  const words = SENTENCES.flatMap(wordsOf).map((word) => [...word.replaceAll(" ", "▁")]);
  const characters = [...new Set(words.flat())].sort().filter((c) => !"猫é🇩ς".includes(c));
  const merges = trainMerges(words, 130, concat).filter((pair) => ![..."猫é🇩ς"].some((c) => pair.join("").includes(c)));
  const pieces = ["<unk>", "<s>", "</s>", ...characters, ...merges.map(([a, b]) => a + b)];
  return { type: "BPE", unk_token: "<unk>", vocab: vocabularyOf(pieces), merges: merges.map(([a, b]) => `${a} ${b}`) };
}

function affixBpe() {
  const words = SENTENCES.slice(0, 5).flatMap((text) => text.match(/[^\s]+/gu)).map((word) =>
    [...word].map((c, i, all) => (i > 0 ? "##" : "") + c + (i + 1 === all.length ? "</w>" : "")));
  const join = (left, right) => left + right.slice(2);
  const characters = [...new Set(words.flat())].sort();
  const merges = trainMerges(words, 60, join);
  return {
    type: "BPE", unk_token: "<unk>", continuing_subword_prefix: "##", end_of_word_suffix: "</w>",
    vocab: vocabularyOf(["<unk>", ...characters, ...merges.map(([a, b]) => join(a, b))]), merges,
  };
}

/// Characters and frequent parts of words, with the logarithm of their share.
function scoredPieces() {
  const counts = new Map();
  for (const word of SENTENCES.flatMap(wordsOf)) {
    const characters = [...word.replaceAll(" ", "▁")];
    for (let begin = 0; begin < characters.length; ++begin) {
      for (let length = 1; length <= 6 && begin + length <= characters.length; ++length) {
        const piece = characters.slice(begin, begin + length).join("");
        counts.set(piece, (counts.get(piece) ?? 0) + 1);
      }
    }
  }
  const kept = [...counts].filter(([piece, n]) => n >= 2 && !"ée猫".includes(piece)).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const total = kept.reduce((sum, [, n]) => sum + n, 0);
  return kept.map(([piece, n]) => [piece, Math.round(1e4 * Math.log(n / total) * (1 + 0.05 * [...piece].length)) / 1e4]);
}

const unigram = () => ({ type: "Unigram", unk_id: 2, vocab: [["<s>", 0], ["</s>", 0], ["<unk>", 0], ...scoredPieces()] });
const unigramBytes = () => ({
  type: "Unigram", unk_id: 0, byte_fallback: true,
  vocab: [["<unk>", 0], ...byteTokens.map((token) => [token, -12]), ...scoredPieces().slice(0, 120)],
});
/// Sums that tie on purpose, and pieces that occur twice.
const unigramTies = () => ({
  type: "Unigram", unk_id: 0,
  vocab: [["<unk>", 0], ["a", -1], ["b", -1], ["ab", -2], ["ba", -2], ["aba", -3], ["bab", -3], ["a", -1], ["▁", -2], ["▁a", -3],
    ["the", -3], ["th", -2], ["e", -1], ["he", -2], ["t", -1]],
});

function wordPiece() {
  const pieces = new Set(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);
  const words = SENTENCES.flatMap((text) => text.toLowerCase().normalize("NFD").replace(/\p{Mn}/gu, "").match(/[\p{L}\p{M}]+|\p{N}+|[^\s]/gu));
  for (const word of words) {
    const characters = [...word];
    pieces.add(characters[0]);
    pieces.add(characters.slice(0, 3).join(""));
    for (const c of characters.slice(1, 4)) pieces.add("##" + c);
    if (characters.length > 4) pieces.add("##" + characters.slice(-3).join(""));
  }
  for (const c of "abcdefghijklmnopqrstuvwxyz0123456789ABCÉ") pieces.add(c).add("##" + c);
  return { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab: vocabularyOf(pieces) };
}

function wordLevel() {
  const words = SENTENCES.flatMap((text) => text.match(/[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]+/gu));
  return { type: "WordLevel", unk_token: "[UNK]", vocab: vocabularyOf(["[UNK]", ...words.sort()].filter((w, i, all) => i === 0 || w !== all[i - 1])) };
}

export const MODELS = {
  bytes: byteLevelBpe(), metaspace: metaspaceBpe(), affixes: affixBpe(), unigram: unigram(), unigram_bytes: unigramBytes(),
  unigram_ties: unigramTies(), word_piece: wordPiece(), word_level: wordLevel(),
};

// ---- SentencePiece's precompiled_charsmap -----------------------------------------------------------------------------------

/// A double array in the layout of darts-clone, then the replacements, as base64.
function charsmap(entries) {
  const replacements = Buffer.from(entries.map(([, to]) => to + "\u0000").join(""));
  const offsets = [];
  entries.reduce((offset, [, to]) => (offsets.push(offset), offset + Buffer.byteLength(to) + 1), 0);
  const root = { children: new Map(), value: -1 };
  entries.forEach(([from], i) => {
    let node = root;
    for (const byte of Buffer.from(from)) {
      if (!node.children.has(byte)) node.children.set(byte, { children: new Map(), value: -1 });
      node = node.children.get(byte);
    }
    node.value = offsets[i];
  });
  const units = [0];
  const taken = new Set([0]);
  const bases = new Set();
  const queue = [[root, 0]];
  for (const [node, position] of queue) {
    const labels = [...node.children.keys(), ...(node.value >= 0 ? [0] : [])];
    if (labels.length === 0) continue;
    let base = 1;
    while (bases.has(base) || labels.some((label) => taken.has(base ^ label))) ++base;
    bases.add(base);
    units[position] = (units[position] ?? 0) | ((base ^ position) << 10) | (node.value >= 0 ? 1 << 8 : 0);
    for (const label of labels) taken.add(base ^ label);
    if (node.value >= 0) units[base] = 0x80000000 | node.value;
    for (const [label, child] of node.children) {
      units[base ^ label] = label;
      queue.push([child, base ^ label]);
    }
  }
  const trie = Buffer.alloc(4 + 4 * units.length);
  trie.writeUInt32LE(4 * units.length, 0);
  for (let i = 0; i < units.length; ++i) trie.writeInt32LE((units[i] ?? 0) | 0, 4 + 4 * i);
  return Buffer.concat([trie, replacements]).toString("base64");
}

/// What nmt_nfkc does to some blocks, with clusters of several code points and with deletions.
function nfkcEntries() {
  const entries = new Map([["\t", " "], ["\n", " "], ["\r", " "], ["\u0001", ""], ["\u007f", ""], ["\u200b", " "], ["\u200d", "\u200d"],
    ["\u00a0", " "], ["\u3000", " "], ["e\u0301", "é"], ["A\u030a", "Å"], ["\r\n", " "]]);
  for (const [first, last] of [[0xa0, 0x17f], [0x2100, 0x2132], [0xfb00, 0xfb06], [0xff21, 0xff8f]]) {
    for (let c = first; c <= last; ++c) {
      const text = String.fromCodePoint(c);
      if (text.normalize("NFKC") !== text) entries.set(text, text.normalize("NFKC"));
    }
  }
  return [...entries].sort((a, b) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])));
}
const precompiled = () => ({ type: "Precompiled", precompiled_charsmap: charsmap(nfkcEntries()) });

// ---- parts ------------------------------------------------------------------------------------------------------------------

export const EXPRESSIONS = {
  gpt2: String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  llama3: String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  qwen2: String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  olmo2: String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`,
  bloom: String.raw` ?[^(\s|[.,!?…。，、।۔،])]+`,
  o200k: [
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
    String.raw`\p{N}{1,3}`, String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`, String.raw`\s*[\r\n]+`, String.raw`\s+(?!\S)`, String.raw`\s+`,
  ].join("|"),
  deepseek: String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${"`"}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  han: String.raw`[一-龥぀-ゟ゠-ヿ]+`,
  words: String.raw`\w+|[^\w\s]+`,
  intersection: String.raw`[\p{L}&&[^\p{Han}]]+|\p{Han}`,
  boundary: String.raw`\b\p{L}+\b|\d+`,
};
const sizeOf = (model) => (Array.isArray(MODELS[model].vocab) ? MODELS[model].vocab.length : Object.keys(MODELS[model].vocab).length);
const split = (Regex, behavior = "Isolated", invert = false) => ({ type: "Split", pattern: { Regex }, behavior, invert });
const splitText = (String_, behavior, invert = false) => ({ type: "Split", pattern: { String: String_ }, behavior, invert });
const byteLevel = (use_regex = true, add_prefix_space = false) => ({ type: "ByteLevel", add_prefix_space, trim_offsets: true, use_regex });
const pre = (...pretokenizers) => ({ type: "Sequence", pretokenizers });
const norm = (...normalizers) => ({ type: "Sequence", normalizers });
const deco = (...decoders) => ({ type: "Sequence", decoders });
const post = (...processors) => ({ type: "Sequence", processors });
const replace = (String_, content) => ({ type: "Replace", pattern: { String: String_ }, content });
const replaceAll = (Regex, content) => ({ type: "Replace", pattern: { Regex }, content });
const bert = (clean_text, handle_chinese_chars, strip_accents, lowercase) => ({ type: "BertNormalizer", clean_text, handle_chinese_chars, strip_accents, lowercase });
const metaspace = (prepend_scheme, split_) => ({ type: "Metaspace", replacement: "▁", prepend_scheme, split: split_ });
const token = (id, content, flags = {}) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...flags });
const fused = deco(replace("▁", " "), { type: "ByteFallback" }, { type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 0 });
const template = (single, ...tokens) => ({
  type: "TemplateProcessing",
  single: single.map((id) => (id === "A" ? { Sequence: { id, type_id: 0 } } : { SpecialToken: { id, type_id: 0 } })),
  pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
  special_tokens: Object.fromEntries(tokens.map(([id, number]) => [id, { id, ids: [number], tokens: [id] }])),
});
const added = (model, ...tokens) => tokens.map(([content, flags], i) => token(sizeOf(model) + i, content, flags));
const cls = (model) => MODELS[model].vocab["[CLS]"];
const sep = (model) => MODELS[model].vocab["[SEP]"];

const list = [];
function add(name, model, parts = {}, set = {}) {
  list.push({ name, model, set, parts });
}

const bytes = (name, parts, set) => add(name, "bytes", { decoder: byteLevel(), ...parts }, set);
bytes("gpt2", { pre_tokenizer: byteLevel(), post_processor: byteLevel(), added_tokens: added("bytes", ["<|endoftext|>", {}]) });
bytes("gpt2_prefix_space", { pre_tokenizer: byteLevel(true, true) });
bytes("gpt_neox", { normalizer: { type: "NFC" }, pre_tokenizer: byteLevel(), added_tokens: added("bytes", ["<|endoftext|>", {}], ["  ", { special: false, normalized: true }], ["    ", { special: false, normalized: true }]) });
for (const name of ["llama3", "qwen2", "olmo2", "o200k", "deepseek"]) {
  bytes(name, { normalizer: name === "qwen2" ? { type: "NFC" } : null, pre_tokenizer: pre(split(EXPRESSIONS[name]), byteLevel(false)) }, { ignore_merges: name === "llama3" });
}
bytes("bloom", { pre_tokenizer: pre(split(EXPRESSIONS.bloom), byteLevel(false)) });
bytes("falcon", { pre_tokenizer: pre({ type: "Punctuation", behavior: "Contiguous" }, byteLevel(), { type: "Digits", individual_digits: false }, split("[0-9][0-9][0-9]")) });
bytes("starcoder", { pre_tokenizer: pre({ type: "Digits", individual_digits: true }, byteLevel()) });
bytes("gpt2_by_split", { pre_tokenizer: pre(split(EXPRESSIONS.gpt2, "Removed", true), byteLevel(false)) });
bytes("han_and_words", { pre_tokenizer: pre(split(EXPRESSIONS.han), split(EXPRESSIONS.words, "MergedWithNext"), byteLevel(false)) });
bytes("intersection", { pre_tokenizer: pre(split(EXPRESSIONS.intersection, "Contiguous"), byteLevel(false)) });
bytes("boundary", { pre_tokenizer: pre(split(EXPRESSIONS.boundary, "MergedWithPrevious"), byteLevel(false)) });
bytes("unicode_scripts", { pre_tokenizer: pre({ type: "UnicodeScripts" }, byteLevel(false)) });
bytes("fixed_length", { pre_tokenizer: pre({ type: "FixedLength", length: 3 }, byteLevel(false)) });
bytes("byte_normalizer", { normalizer: norm({ type: "NFD" }, { type: "ByteLevel" }), pre_tokenizer: splitText("Ġ", "MergedWithNext") });
bytes("roberta", { pre_tokenizer: byteLevel(true, true), post_processor: { type: "RobertaProcessing", sep: ["</s>", sizeOf("bytes") + 1], cls: ["<s>", sizeOf("bytes")], trim_offsets: true, add_prefix_space: true }, added_tokens: added("bytes", ["<s>", {}], ["</s>", {}], ["<mask>", { lstrip: true }]) });
for (const behavior of ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]) {
  bytes(`split_${behavior}`, { pre_tokenizer: pre(splitText("o", behavior), split(String.raw`\s`, behavior, true), byteLevel(false)) });
  bytes(`punctuation_${behavior}`, { pre_tokenizer: pre({ type: "Punctuation", behavior }, byteLevel(false)) });
}
bytes("added_flags", {
  normalizer: { type: "Lowercase" }, pre_tokenizer: byteLevel(),
  added_tokens: added("bytes", ["<left>", { lstrip: true }], ["<right>", { rstrip: true }], ["<both>", { lstrip: true, rstrip: true }], ["the", { single_word: true, special: false, normalized: true }], ["FOX", { special: false, normalized: true }], ["fo", { special: false }], ["the quick", { normalized: true }], ["été", { single_word: true }], ["\n\n", { rstrip: true }], ["<s>", {}], ["</s>", {}]),
});

add("llama2", "metaspace", { normalizer: norm({ type: "Prepend", prepend: "▁" }, replace(" ", "▁")), decoder: fused, added_tokens: [token(0, "<unk>"), token(1, "<s>"), token(2, "</s>")], post_processor: template(["<s>", "A"], ["<s>", 1]) }, { fuse_unk: true });
add("llama2_unfused", "metaspace", { normalizer: replace(" ", "▁"), decoder: fused });
add("llama_metaspace", "metaspace", { pre_tokenizer: metaspace("first", false), decoder: { ...metaspace("first", false) }, added_tokens: [token(1, "<s>", { rstrip: true }), token(2, "</s>", { normalized: true })] }, { fuse_unk: true });
add("metaspace_always_split", "metaspace", { normalizer: { type: "Strip", strip_left: true, strip_right: true }, pre_tokenizer: metaspace("always", true), decoder: metaspace("always", true) });
add("metaspace_never", "metaspace", { pre_tokenizer: metaspace("never", true), decoder: metaspace("never", true) });
add("metaspace_first_of_words", "metaspace", { normalizer: norm({ type: "Strip", strip_left: true, strip_right: false }, replaceAll(" {2,}", " ")), pre_tokenizer: pre({ type: "WhitespaceSplit" }, metaspace("first", true)) });
add("metaspace_old", "metaspace", { pre_tokenizer: { type: "Metaspace", replacement: "▁", str_rep: "▁", add_prefix_space: true }, decoder: { type: "Metaspace", replacement: "▁", add_prefix_space: true } });
add("metaspace_nothing_unknown", "metaspace", { pre_tokenizer: { type: "CharDelimiterSplit", delimiter: " " } }, { unk_token: null });
add("openai_gpt", "affixes", { normalizer: bert(true, true, false, false), pre_tokenizer: { type: "BertPreTokenizer" }, decoder: { type: "BPEDecoder", suffix: "</w>" } });
add("affixes_fused", "affixes", { pre_tokenizer: { type: "WhitespaceSplit" }, decoder: { type: "WordPiece", prefix: "##", cleanup: false } }, { fuse_unk: true });

add("t5", "unigram", { normalizer: norm(precompiled(), replaceAll(" {2,}", " ")), pre_tokenizer: metaspace("always", true), decoder: metaspace("always", true), post_processor: template(["A", "</s>"], ["</s>", 1]), added_tokens: [token(0, "<s>"), token(1, "</s>"), token(2, "<unk>")] });
add("xlm_roberta", "unigram", { normalizer: precompiled(), pre_tokenizer: pre({ type: "WhitespaceSplit" }, metaspace("always", true)), decoder: metaspace("always", true), post_processor: post(template(["<s>", "A", "</s>"], ["<s>", 0], ["</s>", 1])) });
add("albert", "unigram", { normalizer: norm(replace("``", "\""), replace("''", "\""), { type: "NFKD" }, { type: "StripAccents" }, { type: "Lowercase" }, precompiled()), pre_tokenizer: metaspace("first", false), decoder: metaspace("first", false) });
add("unigram_first", "unigram", { normalizer: norm({ type: "Nmt" }, { type: "NFKC" }), pre_tokenizer: metaspace("first", true), decoder: metaspace("first", true) });
add("unigram_byte_fallback", "unigram_bytes", { normalizer: norm({ type: "NFC" }, replace(" ", "▁")), decoder: fused });
add("unigram_ties", "unigram_ties", { normalizer: replaceAll(String.raw`\s`, "▁"), decoder: { type: "Replace", pattern: { String: "▁" }, content: " " } });
add("unigram_bare", "unigram", {});

const wordPieceParts = { pre_tokenizer: { type: "BertPreTokenizer" }, decoder: { type: "WordPiece", prefix: "##", cleanup: true } };
add("bert_uncased", "word_piece", { ...wordPieceParts, normalizer: bert(true, true, null, true), post_processor: template(["[CLS]", "A", "[SEP]"], ["[CLS]", cls("word_piece")], ["[SEP]", sep("word_piece")]), added_tokens: [token(0, "[PAD]"), token(1, "[UNK]"), token(2, "[CLS]"), token(3, "[SEP]"), token(4, "[MASK]", { lstrip: true })] });
add("bert_cased", "word_piece", { ...wordPieceParts, normalizer: bert(true, true, null, false), post_processor: { type: "BertProcessing", sep: ["[SEP]", 3], cls: ["[CLS]", 2] } });
add("bert_accents", "word_piece", { ...wordPieceParts, normalizer: bert(false, true, true, false) });
add("bert_lower_with_accents", "word_piece", { ...wordPieceParts, normalizer: bert(true, false, false, true) });
add("word_piece_short_words", "word_piece", { pre_tokenizer: { type: "Whitespace" }, decoder: { type: "WordPiece", prefix: "##", cleanup: false } }, { max_input_chars_per_word: 5 });
add("word_piece_other_prefix", "word_piece", { normalizer: { type: "NFKC" }, pre_tokenizer: pre({ type: "WhitespaceSplit" }, { type: "Punctuation" }) }, { continuing_subword_prefix: "" });

add("word_level", "word_level", { pre_tokenizer: { type: "Whitespace" } });
add("word_level_ctc", "word_level", { pre_tokenizer: pre({ type: "Whitespace" }, { type: "Digits", individual_digits: false }), decoder: { type: "CTC", pad_token: "[UNK]", word_delimiter_token: "a", cleanup: true } });
add("word_level_fused", "word_level", { normalizer: { type: "NFKD" }, pre_tokenizer: split(String.raw`\s+`, "Removed"), decoder: deco({ type: "Strip", content: "t", start: 1, stop: 0 }, { type: "Fuse" }, replaceAll("e+", "")) });

export const CONFIGURATIONS = list;

/// The tokenizer.json of a configuration.
export function documentOf({ model, set, parts }) {
  return {
    version: "1.0", truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null,
    decoder: null, ...parts, model: { ...MODELS[model], ...set },
  };
}
