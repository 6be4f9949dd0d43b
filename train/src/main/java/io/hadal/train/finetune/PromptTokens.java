package io.hadal.train.finetune;

import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptSegment;
import io.hadal.formats.tokenizer.Tokenizer;
import java.util.List;
import java.util.function.Function;

/**
 * How conversations become tokens.
 *
 * @param dialect prompt format of the model
 * @param encoders encoder of rendered prompts for a tokenizer
 */
public record PromptTokens(PromptDialect dialect, Function<Tokenizer, Encoder> encoders) {

  /** Token ids of a rendered prompt; added tokens come out of trusted segments only. */
  @FunctionalInterface
  public interface Encoder {
    int[] encode(List<PromptSegment> segments);
  }
}
