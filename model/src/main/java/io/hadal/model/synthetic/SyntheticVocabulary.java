package io.hadal.model.synthetic;

import io.hadal.formats.tokenizer.ByteAlphabet;
import io.hadal.formats.weights.GgufValue;
import io.hadal.formats.weights.GgufValueType;
import io.hadal.formats.weights.GgufWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A byte-level BPE vocabulary of any size: bytes, then ever longer strings of small letters, then
 * the marks of prompts. It reads any text; what it makes of it means nothing.
 */
final class SyntheticVocabulary {
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int BYTES = 256;

  private static final List<String> START =
      List.of("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>");
  private static final List<String> MARKS =
      List.of(
          "<｜System｜>",
          "<｜User｜>",
          "<｜Assistant｜>",
          "<think>",
          "</think>",
          "｜DSML｜",
          "<｜fim▁hole｜>",
          "<｜fim▁begin｜>",
          "<｜fim▁end｜>",
          "<｜latest_reminder｜>");

  /** Smallest size. */
  static final int LEAST = START.size() + BYTES + MARKS.size();

  private final List<String> tokens = new ArrayList<>();
  private final List<String> merges = new ArrayList<>();

  SyntheticVocabulary(int size) {
    tokens.addAll(START);
    for (int b = 0; b < BYTES; b++) {
      tokens.add(String.valueOf(ByteAlphabet.toChar(b)));
    }
    List<String> grown = new ArrayList<>();
    for (char c = 'a'; c <= 'z'; c++) {
      grown.add(String.valueOf(c));
    }
    int ordinary = size - MARKS.size();
    for (int i = 0; tokens.size() < ordinary; i++) {
      for (char c = 'a'; c <= 'z' && tokens.size() < ordinary; c++) {
        String longer = grown.get(i) + c;
        merges.add(grown.get(i) + " " + c);
        tokens.add(longer);
        grown.add(longer);
      }
    }
    tokens.addAll(MARKS);
  }

  void declare(GgufWriter.Layout layout) {
    long[] types = new long[tokens.size()];
    Arrays.fill(types, NORMAL);
    Arrays.fill(types, 0, START.size(), CONTROL);
    Arrays.fill(types, types.length - MARKS.size(), types.length, USER_DEFINED);
    String p = "tokenizer.ggml.";
    layout
        .put(p + "model", GgufValue.text("gpt2"))
        .put(p + "pre", GgufValue.text("joyai-llm"))
        .put(p + "tokens", GgufValue.texts(tokens))
        .put(p + "token_type", GgufValue.wholes(GgufValueType.INT32, types))
        .put(p + "merges", GgufValue.texts(merges))
        .put(p + "bos_token_id", GgufValue.uint32(0))
        .put(p + "eos_token_id", GgufValue.uint32(1))
        .put(p + "padding_token_id", GgufValue.uint32(2))
        .put(p + "add_bos_token", GgufValue.bool(false));
  }
}
