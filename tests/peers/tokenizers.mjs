// tokenizers.mjs TOKENIZER.json CONFIG.json TEXTS.jsonl: one line {"ids"} per line {"text"}, by @huggingface/tokenizers.
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

const [tokenizerFile, configFile, textFile] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const tokenizer = new Tokenizer(read(tokenizerFile), read(configFile));
for (const line of readFileSync(textFile, 'utf8').split('\n')) {
  if (line === '') continue;
  const { ids } = tokenizer.encode(JSON.parse(line).text, { add_special_tokens: false });
  console.log(JSON.stringify({ ids }));
}
