package io.hadal.train.tokenizer;

import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.train.corpus.DocumentMarkers;
import java.util.ArrayList;
import java.util.List;

/**
 * The added tokens of a trained vocabulary: BOS, EOS and padding at ids 0, 1, 2 as in the released
 * vocabularies, the rest at the end of the vocabulary in this order.
 */
final class SpecialVocabulary {
  static final String PAD = "<｜▁pad▁｜>";

  /** Ids 0, 1 and 2; the only ones marked special. */
  static final List<String> FIRST = List.of(SpecialTokens.BOS, SpecialTokens.EOS, PAD);

  /** Free ids, so that later training stages need not resize the embedding. */
  private static final int RESERVED = 8;

  private SpecialVocabulary() {}

  static List<String> last() {
    List<String> tokens =
        new ArrayList<>(
            List.of(
                SpecialTokens.FIM_HOLE,
                SpecialTokens.FIM_BEGIN,
                SpecialTokens.FIM_END,
                SpecialTokens.SYSTEM,
                SpecialTokens.USER,
                SpecialTokens.ASSISTANT,
                SpecialTokens.THINK,
                SpecialTokens.THINK_END,
                SpecialTokens.DSML,
                SpecialTokens.LATEST_REMINDER,
                SpecialTokens.ACTION,
                "<｜query｜>",
                "<｜authority｜>",
                "<｜domain｜>",
                "<｜title｜>",
                "<｜read_url｜>",
                SpecialTokens.IMAGE,
                DocumentMarkers.REPO_BEGIN,
                DocumentMarkers.REPO_END,
                DocumentMarkers.NAME_BEGIN,
                DocumentMarkers.NAME_END));
    for (int i = 0; i < RESERVED; i++) {
      tokens.add("<｜place▁holder▁no▁" + i + "｜>");
    }
    return tokens;
  }
}
