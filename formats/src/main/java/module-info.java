/** Files: weight containers, tokenizers, prompt encodings. */
module io.hadal.formats {
  requires transitive io.hadal.kernels;
  requires transitive tools.jackson.databind;
  requires static transitive org.jspecify;

  exports io.hadal.formats;
  exports io.hadal.formats.tokenizer;
  exports io.hadal.formats.prompt;
  exports io.hadal.formats.weights;
}
