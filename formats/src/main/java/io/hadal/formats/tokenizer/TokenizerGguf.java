package io.hadal.formats.tokenizer;

import io.hadal.formats.FormatException;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** Builds tokenizers from GGUF metadata. */
final class TokenizerGguf {
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private TokenizerGguf() {}

  static Tokenizer read(GgufVocabulary gguf, String source) {
    if (!gguf.model().equals("gpt2")) {
      throw new FormatException(
          source,
          "tokenizer.ggml.model = "
              + Quote.of(gguf.model())
              + " is not supported; supported is gpt2 (byte-level BPE)");
    }
    PreTokenizer preTokenizer = PreTokenizers.named(gguf.pre(), source);
    List<String> tokens = gguf.tokens();
    int[] types = gguf.tokenTypes();
    if (types.length != tokens.size()) {
      throw new FormatException(
          source,
          "tokenizer.ggml.token_type has "
              + types.length
              + " entries for "
              + tokens.size()
              + " tokens; convert the file again");
    }
    Vocabulary.Builder builder = new Vocabulary.Builder(source);
    for (int id = 0; id < types.length; id++) {
      String token = tokens.get(id);
      int index = id;
      Supplier<String> field = () -> "tokenizer.ggml.tokens[" + index + "]";
      switch (types[id]) {
        case UNKNOWN, CONTROL -> builder.addAdded(id, token, true, field);
        case USER_DEFINED -> builder.addAdded(id, token, false, field);
        case UNUSED -> builder.addPlaceholder(id, token, field);
        default -> builder.addOrdinary(id, token, field);
      }
    }
    Vocabulary vocabulary = builder.build();
    MergeRules merges = new MergeRules(source, vocabulary, gguf.merges().size());
    gguf.merges().forEach(merges::add);
    return new Tokenizer(
        vocabulary,
        preTokenizer,
        merges.encoder(false),
        checked(gguf.bos(), types.length, "tokenizer.ggml.bos_token_id", source),
        checked(gguf.eos(), types.length, "tokenizer.ggml.eos_token_id", source),
        gguf.addBos());
  }

  private static OptionalInt checked(OptionalInt id, int size, String field, String source) {
    if (id.isPresent() && (id.getAsInt() < 0 || id.getAsInt() >= size)) {
      throw new FormatException(
          source, field + " = " + id.getAsInt() + " is outside the vocabulary of " + size);
    }
    return id;
  }
}
